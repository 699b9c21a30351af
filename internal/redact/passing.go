package redact

import "slices"

// passing is a secret that ends one day.
type passing struct {
	secret string
	over   func() bool
}

// sweepFrom is how many secrets that end are held before any is looked at: a look asks
// each of them, so it waits until they have doubled since the last one.
const sweepFrom = 256

// AddUntil makes a secret known until over says that it is one no more, and stands in
// nothing that could still be printed. over is asked by [Redactor.Sweep] alone, by one
// goroutine at a time, and the secret is forgotten when it returns true once. A secret
// that was also given to [Redactor.Add] is known for ever, and one that was given several
// times until all of them are over.
func (r *Redactor) AddUntil(secret string, over func() bool) {
	if len(secret) < MinLength {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.init()
	r.know(secret)
	r.passing = append(r.passing, passing{secret, over})
}

// SweepWhenDue is a [Redactor.Sweep] when those that end have doubled since the last one,
// and nothing otherwise, so that it can be called as often as a secret is added.
func (r *Redactor) SweepWhenDue() {
	r.mu.RLock()
	due := len(r.passing) >= max(sweepFrom, 2*r.swept)
	r.mu.RUnlock()
	if due {
		r.Sweep()
	}
}

// Sweep forgets the secrets that are over, unless another one is under way. No lock that
// over takes may be held.
func (r *Redactor) Sweep() {
	if !r.sweeping.TryLock() {
		return
	}
	defer r.sweeping.Unlock()
	r.mu.RLock()
	list := slices.Clone(r.passing)
	r.mu.RUnlock()
	// The lock is not held while they are asked: over may take one under which something
	// is redacted.
	kept := list[:0:0]
	gone := map[string]bool{}
	for _, p := range list {
		if p.over() {
			gone[p.secret] = true
		} else {
			kept = append(kept, p)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.passing = append(kept, r.passing[len(list):]...) // some may have come meanwhile
	r.swept = len(r.passing)
	for _, p := range r.passing {
		delete(gone, p.secret)
	}
	for secret := range gone {
		if !r.forever[secret] {
			r.forget(secret)
		}
	}
}

// forget needs r.mu. A form that another secret has as well stays.
func (r *Redactor) forget(secret string) {
	number := r.numbers[secret]
	delete(r.numbers, secret)
	for _, form := range forms(secret) {
		key, ok := prefix(form)
		if !ok {
			continue
		}
		list := r.patterns[key]
		at, found := slices.BinarySearchFunc(list, form, longest)
		if !found {
			continue
		}
		numbers := slices.DeleteFunc(slices.Clone(list[at].numbers), func(n int) bool { return n == number })
		switch {
		case len(numbers) > 0:
			list[at].numbers = numbers
		case len(list) == 1:
			delete(r.patterns, key)
		default:
			r.patterns[key] = slices.Delete(list, at, at+1)
		}
	}
}
