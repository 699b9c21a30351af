package fakeconnector

import "sync"

// Stall stops everything that we send on the session, what is about to be sent included,
// until [Stall.Release]. Nothing is lost. Use a pointer.
type Stall struct{ parked }

// Name implements [Fault].
func (*Stall) Name() string { return "stall" }

// Apply implements [Fault].
func (f *Stall) Apply(x *Exchange) { f.park(x.Session.Stall()) }

// parked is what a fault will let go of.
type parked struct {
	mu      sync.Mutex
	resumes []func()
}

func (p *parked) park(resume func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.resumes = append(p.resumes, resume)
}

// Release ends the fault in every session that it stands in.
func (p *parked) Release() {
	p.mu.Lock()
	resumes := p.resumes
	p.resumes = nil
	p.mu.Unlock()
	for _, r := range resumes {
		r()
	}
}

// Held is in how many sessions the fault stands now.
func (p *parked) Held() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.resumes)
}
