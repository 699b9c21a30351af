// Package bounded keeps what peers can make a process remember from growing without end.
package bounded

// Order is the order in which keys came, of so many at the most: when it is full, the one
// that came first goes. The zero value is empty.
type Order[K any] struct {
	keys  []K // a ring once it is full
	first int // the oldest in it
}

// Add puts a key at the end. Where there are limit of them already the oldest has to go, and
// is returned, so that what is known of it can be forgotten.
func (o *Order[K]) Add(key K, limit int) (oldest K, gone bool) {
	if len(o.keys) < limit {
		o.keys = append(o.keys, key)
		return oldest, false
	}
	oldest = o.keys[o.first]
	o.keys[o.first] = key
	o.first = (o.first + 1) % limit
	return oldest, true
}
