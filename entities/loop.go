package entities

// Loop bounds how long entities talk without a person; 0 = what applies otherwise.
type Loop struct {
	Pair  int // turns that the same two take in a row
	Alone int // turns of all entities in a channel within half an hour
}

// UsualLoop applies where nobody has set another.
func UsualLoop() Loop { return Loop{Pair: 8, Alone: 20} }
