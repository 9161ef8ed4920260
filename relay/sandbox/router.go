package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// router finds the route of a path. http.ServeMux cannot: Discord's paths
// /messages/pins/{message} and /messages/{message}/reactions would conflict there.
type router struct {
	routes []*route
	steps  [][]string // of each route's path
}

func newRouter(routes []route) (*router, error) {
	t := &router{}
	seen := map[string]bool{}
	for i := range routes {
		_, path, ok := strings.Cut(routes[i].pattern, " ")
		if !ok || seen[routes[i].pattern] {
			return nil, fmt.Errorf("sandbox route %q: bad or listed twice", routes[i].pattern)
		}
		seen[routes[i].pattern] = true
		t.routes = append(t.routes, &routes[i])
		t.steps = append(t.steps, strings.Split(strings.TrimPrefix(path, "/"), "/"))
	}
	return t, nil
}

// find sets the call's route and path values. Literal steps win over variables from left to right.
func (t *router) find(c *call) error {
	path := strings.Split(strings.TrimPrefix(c.URL.EscapedPath(), apiPath+"/"), "/")
	best, bestScore, known := -1, "", false
	for i, steps := range t.steps {
		score, ok := match(steps, path)
		if !ok {
			continue
		}
		known = true
		if method, _, _ := strings.Cut(t.routes[i].pattern, " "); method == c.Method && score > bestScore {
			best, bestScore = i, score
		}
	}
	switch {
	case best < 0 && known:
		return fail(http.StatusMethodNotAllowed, 0, "405: Method Not Allowed")
	case best < 0:
		return fail(http.StatusNotFound, 0, "404: Not Found")
	}
	c.route = t.routes[best]
	for i, step := range t.steps[best] {
		if name, ok := variable(step); ok {
			value, err := url.PathUnescape(path[i])
			if err != nil {
				return fail(http.StatusNotFound, 0, "404: Not Found")
			}
			c.SetPathValue(name, value)
		}
	}
	return nil
}

// match says whether path fits; its score is larger the earlier literal steps stand.
func match(steps, path []string) (score string, ok bool) {
	if len(steps) != len(path) {
		return "", false
	}
	for i, step := range steps {
		switch _, free := variable(step); {
		case free && path[i] != "":
			score += "1"
		case step == path[i]:
			score += "2"
		default:
			return "", false
		}
	}
	return score, true
}

func variable(step string) (name string, ok bool) {
	if !strings.HasPrefix(step, "{") {
		return "", false
	}
	return strings.Trim(step, "{}"), true
}
