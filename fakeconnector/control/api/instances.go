package api

import "time"

// Instance is one running agent as the connector sees it.
type Instance struct {
	ID       string   `json:"id"`
	Tenant   string   `json:"tenant"`
	Gateways []string `json:"gateways" nullable:"false"`
	State    string   `json:"state" enum:"live,draining,flipped,away" doc:"live: deliveries go to its session; draining: its buffer is being sent; flipped: buffered-only; away: not connected, so that the next delivery flips it"`
	Session  string   `json:"session,omitempty"`
	Buffered int      `json:"buffered" doc:"entries in its buffer, those in flight included"`
	InFlight int      `json:"in_flight" doc:"sent and not acknowledged"`
	Parked   int      `json:"parked" doc:"set aside as undeliverable"`
	WakeURL  string   `json:"wake_url,omitempty"`
}

// Instances lists them, sorted.
type Instances struct {
	Instances []Instance `json:"instances" nullable:"false"`
}

// Woken says whether a wake request is on its way.
type Woken struct {
	Requested bool `json:"requested" doc:"false without a wake URL, and within the cooldown of the last request"`
}

// Buffer is what waits for an instance.
type Buffer struct {
	Instance string        `json:"instance"`
	Total    int           `json:"total" doc:"how many wait"`
	Entries  []BufferEntry `json:"entries" nullable:"false" doc:"in order, as many as were asked for"`
	Parked   []BufferEntry `json:"parked" nullable:"false"`
}

// BufferEntry is one delivery that waits.
type BufferEntry struct {
	BufferID string `json:"buffer_id"`
	Tries    int    `json:"tries" doc:"sessions that ended with it as the first one not acknowledged"`
	InFlight bool   `json:"in_flight" doc:"sent on the live session and not acknowledged"`
	Frame    any    `json:"frame" doc:"without its bufferId"`
	Reason   string `json:"reason,omitempty" doc:"why it was parked"`
}

// Buffers lists those that hold an entry, with their depths alone.
type Buffers struct {
	Buffers []Buffer `json:"buffers" nullable:"false"`
}

// Session is one open WebSocket of a gateway.
type Session struct {
	ID        string    `json:"id"`
	Gateway   string    `json:"gateway"`
	Instance  string    `json:"instance"`
	Remote    string    `json:"remote"`
	Since     time.Time `json:"since"`
	Handshake bool      `json:"handshake" doc:"a descriptor was sent"`
	Live      bool      `json:"live" doc:"the newest of its gateway, and not closing"`
	Closing   bool      `json:"closing"`
	Stalled   bool      `json:"stalled"`
	Queued    int       `json:"queued" doc:"messages that wait for the gateway to read"`
}

// Sessions lists them, oldest first.
type Sessions struct {
	Sessions []Session `json:"sessions" nullable:"false"`
}

// Close says how to end a session.
type Close struct {
	Code   int    `json:"code,omitempty" minimum:"1000" maximum:"4999" default:"1000"`
	Reason string `json:"reason,omitempty" maxLength:"123"`
	How    string `json:"how,omitempty" enum:"close-frame,fin,rst" default:"close-frame" doc:"a close frame; or the end of TCP without one"`
}

// Message is one whole WebSocket message, as it stands.
type Message struct {
	Text   string `json:"text,omitempty" doc:"this or bytes; no newline is added"`
	Bytes  []byte `json:"bytes,omitempty" nullable:"false" doc:"in base64"`
	Binary bool   `json:"binary,omitempty" doc:"as a binary message"`
}

// Held is a capability in the vault. The credential is not shown.
type Held struct {
	Tenant     string     `json:"tenant"`
	SessionKey string     `json:"session_key"`
	Kind       string     `json:"kind"`
	Expires    *time.Time `json:"expires,omitempty"`
}

// Vault lists what is kept, sorted.
type Vault struct {
	Capabilities []Held `json:"capabilities" nullable:"false"`
}

// NewCapability is put into the vault, in place of an earlier one of the same tenant,
// session and kind.
type NewCapability struct {
	Tenant     string   `json:"tenant" minLength:"1" maxLength:"256"`
	SessionKey string   `json:"session_key" minLength:"1" maxLength:"4096"`
	Kind       string   `json:"kind,omitempty" minLength:"1" maxLength:"256" default:"discord.interaction_token"`
	Credential string   `json:"credential" minLength:"6" maxLength:"8192"`
	TTL        Duration `json:"ttl,omitempty" doc:"left out, for ever"`
}
