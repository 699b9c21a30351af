package api

import "encoding/json"

// Match says what a stub applies to. Every field that is set must hold.
type Match struct {
	Point      string          `json:"point,omitempty" enum:"dial,http,upgraded,frame,send" doc:"left out: send for a type that the connector sends, else frame"`
	Gateway    string          `json:"gateway,omitempty"`
	Instance   string          `json:"instance,omitempty"`
	Session    string          `json:"session,omitempty"`
	Path       string          `json:"path,omitempty" doc:"of the request, at dial and http"`
	Type       string          `json:"type,omitempty" doc:"of the frame, such as outbound"`
	Op         string          `json:"op,omitempty" doc:"of an outbound action, such as send"`
	ChatID     string          `json:"chat_id,omitempty"`
	SessionKey string          `json:"session_key,omitempty"`
	RequestID  string          `json:"request_id,omitempty"`
	BufferID   string          `json:"buffer_id,omitempty"`
	Text       string          `json:"text,omitempty" doc:"a regular expression for the content of an action or the text of an event"`
	JSON       json.RawMessage `json:"json,omitempty" doc:"an object that the frame must contain"`
}

// NewStub puts faults in force.
type NewStub struct {
	ID     string  `json:"id,omitempty" pattern:"^[A-Za-z0-9_.-]+$" minLength:"1" maxLength:"64" doc:"left out, one is made"`
	Match  Match   `json:"match,omitempty" doc:"left out: every frame of every gateway"`
	After  int     `json:"after,omitempty" minimum:"0" doc:"let so many matches pass"`
	Every  int     `json:"every,omitempty" minimum:"1" default:"1" doc:"act on one of so many matches"`
	Times  int     `json:"times,omitempty" minimum:"0" doc:"act so often and no more; 0 is always"`
	Faults []Fault `json:"faults" nullable:"false" minItems:"1" maxItems:"32" doc:"applied in order"`
}

// Fault is the name of a fault with its fields beside it: {"name":"close","code":4401}.
type Fault map[string]json.RawMessage

// Stub is a stub in force.
type Stub struct {
	NewStub
	ID   string `json:"id"`
	Hits int    `json:"hits" doc:"how often it has acted"`
	Held int    `json:"held" doc:"what its holds keep now"`
}

// Stubs lists them, in the order in which they are applied.
type Stubs struct {
	Stubs []Stub `json:"stubs" nullable:"false"`
}

// Release lets go of what a stub holds, stalls or keeps half open.
type Release struct {
	At *int `json:"at,omitempty" minimum:"0" doc:"only the one at this place of what is held; left out, everything"`
}

// Released says how many were let go.
type Released struct {
	Released int `json:"released"`
}

// FaultKind is a fault that there is.
type FaultKind struct {
	Name   string          `json:"name"`
	Fields json.RawMessage `json:"fields" doc:"a JSON Schema of its fields"`
	Points []string        `json:"points" nullable:"false" doc:"where it can act"`
}

// FaultKinds lists them, sorted.
type FaultKinds struct {
	Faults []FaultKind `json:"faults" nullable:"false"`
}
