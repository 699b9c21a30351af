package api

import "time"

// Info is what is running.
type Info struct {
	Version    string    `json:"version" doc:"of the program"`
	RelayURL   string    `json:"relay_url" doc:"the base URL to configure gateways with"`
	Started    time.Time `json:"started"`
	Namespaces []string  `json:"namespaces" nullable:"false"`
}

// Namespace is a connector of its own behind the common relay URL: its gateways, journal,
// stubs and buffers are seen in no other one.
type Namespace struct {
	Name     string    `json:"name"`
	Epoch    string    `json:"epoch" doc:"another one after every reset; journals of two epochs have nothing to do with each other"`
	Created  time.Time `json:"created" doc:"or reset"`
	Gateways int       `json:"gateways"`
	Sessions int       `json:"sessions"`
	Entries  int64     `json:"entries" doc:"how many journal entries there were"`
}

// Namespaces lists them.
type Namespaces struct {
	Namespaces []Namespace `json:"namespaces" nullable:"false"`
}

// NewNamespace asks for one.
type NewNamespace struct {
	Name string `json:"name" pattern:"^[A-Za-z0-9_.-]+$" minLength:"1" maxLength:"64"`
}

// Snapshot is the whole state of a namespace at one moment, without secrets.
type Snapshot struct {
	Namespace Namespace  `json:"namespace"`
	Mark      int64      `json:"mark" doc:"seq of the last journal entry"`
	Forgotten int64      `json:"forgotten" doc:"journal entries that had to go because it was full"`
	Tenants   []Tenant   `json:"tenants" nullable:"false"`
	Gateways  []Gateway  `json:"gateways" nullable:"false"`
	Instances []Instance `json:"instances" nullable:"false"`
	Sessions  []Session  `json:"sessions" nullable:"false"`
	Scopes    []Scope    `json:"scopes" nullable:"false"`
	Bindings  Bindings   `json:"bindings"`
	Policies  []Policy   `json:"policies" nullable:"false"`
	Buffers   []Buffer   `json:"buffers" nullable:"false" doc:"those that hold an entry"`
	Vault     []Held     `json:"vault" nullable:"false"`
	Stubs     []Stub     `json:"stubs" nullable:"false"`
}
