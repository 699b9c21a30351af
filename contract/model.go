package contract

import "github.com/relaykit/relaykit/protocol"

// Model is what a document of the contract says, with the lines at which it says it.
type Model struct {
	// Name is the document's name, as given to Parse.
	Name string `json:"name"`
	// FrontMatter is the YAML between the first two lines of dashes, if there is any.
	FrontMatter map[string]any `json:"front_matter,omitempty"`
	// Claims is the revision that the document says it describes, in its front matter or
	// in a table about itself; empty where it does not say.
	Claims     Revision     `json:"claims,omitempty"`
	Revisions  []Dated      `json:"revisions,omitempty"`
	Rules      []Rule       `json:"rules"`
	Frames     []Frame      `json:"frames"`
	Objects    []Object     `json:"objects"`
	Ops        []Op         `json:"ops"`
	Routes     []Route      `json:"routes"`
	CloseCodes []CloseCode  `json:"close_codes"`
	Variables  []Variable   `json:"variables"`
	Timings    []Timing     `json:"timings"`
	URLs       []URLExample `json:"urls,omitempty"`
	Examples   []Example    `json:"examples,omitempty"`
	// Tables and Lists count the tables, and the lists in bullets, that were read into one
	// of the above.
	Tables int `json:"tables"`
	Lists  int `json:"lists"`
	// Unread is what was left out because nothing says what it would mean: tables and lists
	// of another kind, and words next to a list of fields. It is no error.
	Unread []Problem `json:"unread,omitempty"`
}

// Dated is a revision of the document's own table of revisions.
type Dated struct {
	Revision Revision `json:"revision"`
	Line     int      `json:"line"`
}

// Frame is one frame type with its fields.
type Frame struct {
	Type   string  `json:"type"`
	From   Side    `json:"from,omitempty"` // empty where the document does not say
	Fields []Field `json:"fields"`
	Line   int     `json:"line"`
}

// Object is a JSON object inside a frame, or a body of an HTTP route.
type Object struct {
	Name   string  `json:"name"` // "descriptor", "source", "provision request", …
	Fields []Field `json:"fields"`
	Line   int     `json:"line"`
}

// Field is one member of an object.
type Field struct {
	Name     string   `json:"name"`
	Type     string   `json:"type,omitempty"` // string, int, string[], …; "[]" for an array of unsaid things; empty where the document does not say
	Presence Presence `json:"presence,omitempty"`
	Default  string   `json:"default,omitempty"`
	Since    Mark     `json:"since,omitempty"` // empty where the document does not date fields
	Fields   []Field  `json:"fields,omitempty"`
	Line     int      `json:"line"`
}

// Presence says who may rely on a field.
type Presence string

// The words of the contract, and Sent for documents that only tell "always sent" from
// "sent when set". The empty Presence means that the document does not say.
const (
	Required Presence = "required" // sent; a receiver refuses its absence
	Always   Presence = "always"   // sent; a receiver has a default
	Nullable Presence = "nullable" // sent, possibly as null
	Sent     Presence = "sent"     // one of the three above
	Optional Presence = "optional" // sent when there is something to say
)

// Op is one outbound action with its fields and the fields of its result.
type Op struct {
	Name    string  `json:"name"`
	Fields  []Field `json:"fields"`
	Results []Field `json:"results"`
	Since   Mark    `json:"since,omitempty"`
	Line    int     `json:"line"`
}

// Route is one HTTP route.
type Route struct {
	Method  string `json:"method"`
	Path    string `json:"path"`
	Purpose string `json:"purpose,omitempty"`
	Bearer  string `json:"bearer,omitempty"`
	Request Body   `json:"request"`
	Answer  Body   `json:"answer"`
	Since   Mark   `json:"since,omitempty"`
	Line    int    `json:"line"`
}

// Body is what a route takes or gives: fields, or words such as "raw bytes" or "200".
type Body struct {
	Fields []Field `json:"fields,omitempty"`
	Text   string  `json:"text,omitempty"`
}

// CloseCode is one WebSocket close code.
type CloseCode struct {
	Code    int    `json:"code"`
	From    string `json:"from,omitempty"`
	Meaning string `json:"meaning"`
	Line    int    `json:"line"`
}

// Variable is one environment variable of a gateway.
type Variable struct {
	Name      string `json:"name"`
	ConfigKey string `json:"config_key,omitempty"`
	Type      string `json:"type,omitempty"`
	Default   string `json:"default,omitempty"`
	Since     Mark   `json:"since,omitempty"`
	Meaning   string `json:"meaning,omitempty"`
	Line      int    `json:"line"`
}

// Timing is one bound with its default as the document writes it, such as "30 s".
type Timing struct {
	Name    string `json:"name"`
	Default string `json:"default"`
	Line    int    `json:"line"`
}

// URLExample is a base with the URLs that follow from it.
type URLExample struct {
	Base      string `json:"base"`
	Dial      string `json:"dial"`
	Provision string `json:"provision"`
	Line      int    `json:"line"`
}

// Example is a fenced block of JSON. Kind is the second word of its info string: a
// frame type, or a body such as "provision-request".
type Example struct {
	Kind string `json:"kind,omitempty"`
	JSON string `json:"json"`
	Line int    `json:"line"`
}

// Rule returns the rule of that id, or nil.
func (m *Model) Rule(id protocol.RuleID) *Rule {
	for i := range m.Rules {
		if m.Rules[i].ID == id {
			return &m.Rules[i]
		}
	}
	return nil
}

// Frame returns the frame of that type, or nil.
func (m *Model) Frame(typ string) *Frame {
	for i := range m.Frames {
		if m.Frames[i].Type == typ {
			return &m.Frames[i]
		}
	}
	return nil
}

// Object returns the object of that name, or nil.
func (m *Model) Object(name string) *Object {
	for i := range m.Objects {
		if m.Objects[i].Name == name {
			return &m.Objects[i]
		}
	}
	return nil
}

// Op returns the op of that name, or nil.
func (m *Model) Op(name string) *Op {
	for i := range m.Ops {
		if m.Ops[i].Name == name {
			return &m.Ops[i]
		}
	}
	return nil
}
