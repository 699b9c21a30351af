package reference

import (
	"crypto/rand"
	"encoding/hex"
	"sync"

	"github.com/relaykit/relaykit/protocol"
)

// flight is what waits for a result on one session.
//
// Contract, section "Outbound correlation": a result belongs to the request whose id
// it names. Results may come in any order, late, twice, or for an id that was never
// asked for; those are ignored. When the socket drops, everything in flight fails at
// once.
type flight struct {
	mu      sync.Mutex
	waiting map[string]chan<- protocol.Result // nil once dropped
}

// take registers a request. Its channel yields one result, or is closed when the
// socket drops. ok is false if that has happened already.
func (f *flight) take(requestID string) (result <-chan protocol.Result, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.waiting == nil {
		return nil, false
	}
	c := make(chan protocol.Result, 1)
	f.waiting[requestID] = c
	return c, true
}

// resolve hands a result to its request and reports whether one was waiting.
func (f *flight) resolve(requestID string, r protocol.Result) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, ok := f.waiting[requestID]
	if ok {
		delete(f.waiting, requestID)
		c <- r // never blocks: one result per channel, and room for it
	}
	return ok
}

// forget gives up on a request.
func (f *flight) forget(requestID string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.waiting, requestID)
}

// drop fails everything in flight, now and from now on.
func (f *flight) drop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.waiting {
		close(c)
	}
	f.waiting = nil
}

// newRequestID is unique: 128 random bits as 32 hex digits, as known gateways send it.
func newRequestID() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
