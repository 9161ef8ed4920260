package sandbox

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
)

// FaultPlan decides of each request how it goes wrong; nil lets it be. It sees the request
// with its body already read, is called from many goroutines at once, and must not wait.
type FaultPlan func(*http.Request) *Fault

// FaultPlan has a plan decide about every request that no [Discord.Fault] hits, until
// cancel is called. Several plans are asked in the order in which they came.
func (d *Discord) FaultPlan(plan FaultPlan) (cancel func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	entry := &plan
	d.state.plans = append(d.state.plans, entry)
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.state.plans = slices.DeleteFunc(d.state.plans, func(p *FaultPlan) bool { return p == entry })
	}
}

// Randomly is a plan that lets a share (0 to 1) of the matching requests go wrong, each in
// one of the ways given, all equally likely. The same seed and the same order of requests
// give the same faults.
func Randomly(seed uint64, share float64, match func(*http.Request) bool, faults ...Fault) FaultPlan {
	var mu sync.Mutex
	dice := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // to be had again, no secret
	return func(r *http.Request) *Fault {
		if len(faults) == 0 || !match(r) {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		if dice.Float64() >= share {
			return nil
		}
		return &faults[dice.IntN(len(faults))]
	}
}
