package fakeconnector

import (
	"slices"
	"time"
)

// hide makes the redactor know a secret until it has ended, and every entry that the
// journal held by then is gone from it: a process that runs for weeks mints without end.
// ended is asked without c.mu, and is right for good when it has said yes once: what
// becomes a secret again is hidden again.
func (c *Connector) hide(secret string, ended func() bool) {
	last := int64(-1) // the newest entry when it was seen to have ended
	c.secrets.AddUntil(secret, func() bool {
		if last < 0 {
			if !ended() {
				return false
			}
			last = c.journal.Mark()
		}
		return c.journal.Forgotten() >= last
	})
}

// hideUntil hides a secret that ends at a time. The zero time is never.
func (c *Connector) hideUntil(secret string, end time.Time) {
	if end.IsZero() {
		c.secrets.Add(secret)
		return
	}
	c.hide(secret, func() bool { return c.clock.Now().After(end) })
}

// hideOf hides a secret for as long as the record of a gateway has it: as one that
// verifies, one that is remembered as revoked, or its delivery key.
func (c *Connector) hideOf(gateway, secret string) {
	c.hide(secret, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		r, known := c.records[gateway]
		return !known || (!slices.Contains(r.secrets, secret) && !slices.Contains(r.dropped, secret) &&
			r.provisioned.DeliveryKey != secret)
	})
}
