package fakeconnector

import (
	"context"
	"net/http"
	"slices"
	"time"
)

// Wake says how a sleeping instance is asked to come back.
type Wake struct {
	Cooldown time.Duration // at most one request per instance within it; default a minute
	Timeout  time.Duration // for one request; default 5 s
	Client   *http.Client  // default one without proxy, cookies and redirects
}

func (w Wake) withDefaults() Wake {
	or(&w.Cooldown, time.Minute)
	or(&w.Timeout, 5*time.Second)
	if w.Client == nil {
		w.Client = &http.Client{
			Transport:     &http.Transport{DisableKeepAlives: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	return w
}

// poke wakes the instance unless it was just asked. A failure changes nothing: the buffer
// keeps what it has, and the gateway comes back when it comes back. It needs i.mu.
func (i *instance) poke() {
	url := i.c.wakeURL(i.id)
	now := i.c.clock.Now()
	if url == "" || (!i.woken.IsZero() && now.Sub(i.woken) < i.c.wake.Cooldown) {
		return
	}
	i.woken = now
	c := i.c
	c.journal.one(Entry{Kind: KindNote, Instance: i.id, Note: "wake requested"})
	c.spawn(func() {
		ctx, cancel := context.WithTimeout(c.ctx, c.wake.Timeout)
		defer cancel()
		note := "wake answered"
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err == nil {
			var resp *http.Response
			if resp, err = c.wake.Client.Do(req); err == nil {
				_ = resp.Body.Close()
				note += ": " + resp.Status
			}
		}
		if err != nil {
			note = "wake failed: " + c.secrets.String(err.Error())
		}
		c.journal.one(Entry{Kind: KindNote, Instance: i.id, Note: note})
	})
}

// wakeURL is the one of the newest record of the instance that has one.
func (c *Connector) wakeURL(instance string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range slices.Backward(c.idsOf(instance)) {
		if r := c.records[id]; r.WakeURL != "" {
			return r.WakeURL
		}
	}
	return ""
}
