package fakeconnector

// ring is a queue of entries in blocks, so that neither end of it ever moves what is
// between. The zero value is empty.
type ring struct {
	blocks [][]Entry // all but the last are full
	head   int       // the place of the oldest entry in the first block
	spare  []Entry   // a block that was emptied
}

// ringBlock keeps a block small enough for the allocator's size classes.
const ringBlock = 128

func (r *ring) len() int {
	if len(r.blocks) == 0 {
		return 0
	}
	return (len(r.blocks)-1)*ringBlock + len(r.blocks[len(r.blocks)-1]) - r.head
}

func (r *ring) push(e Entry) {
	last := len(r.blocks) - 1
	if last < 0 || len(r.blocks[last]) == ringBlock {
		block := r.spare
		if r.spare = nil; block == nil {
			block = make([]Entry, 0, ringBlock)
		}
		r.blocks, last = append(r.blocks, block), last+1
	}
	r.blocks[last] = append(r.blocks[last], e)
}

// front is the oldest entry; there must be one.
func (r *ring) front() *Entry { return &r.blocks[0][r.head] }

// pop drops the oldest entry; there must be one.
func (r *ring) pop() {
	*r.front() = Entry{}
	if r.head++; r.head == len(r.blocks[0]) {
		r.spare = r.blocks[0][:0]
		r.blocks[0] = nil
		r.blocks, r.head = r.blocks[1:], 0
	}
}

// from copies all entries but the oldest skip ones.
func (r *ring) from(skip int) []Entry {
	if skip >= r.len() {
		return nil
	}
	out := make([]Entry, 0, r.len()-skip)
	at := r.head + skip
	for _, block := range r.blocks[at/ringBlock:] {
		out = append(out, block[at%ringBlock:]...)
		at = 0
	}
	return out
}
