package api

import "github.com/relaykit/relaykit/fakeconnector/gate"

// Bindings is who may write to which instance.
type Bindings struct {
	Authors    []Binding     `json:"authors" nullable:"false" doc:"an author is the owner of the instance that it is bound to"`
	Grants     []Grant       `json:"grants" nullable:"false" doc:"scopes that are granted to an instance, on the terms of its principal policy"`
	DMDefaults []DMDefault   `json:"dm_defaults" nullable:"false" doc:"who has the direct messages of those who are not bound"`
	Principals []PrincipalOf `json:"principals" nullable:"false" doc:"who besides bound authors a grant lets in, of each instance that said it"`
	Hidden     []Hidden      `json:"hidden" nullable:"false" doc:"what somebody is not permitted to view"`
}

// Binding binds an author to an instance of a tenant.
type Binding struct {
	Tenant   string `json:"tenant"`
	Instance string `json:"instance"`
	Platform string `json:"platform"`
	UserID   string `json:"user_id"`
}

// Grant gives a scope of a platform to an instance.
type Grant struct {
	Platform string `json:"platform"`
	Scope    string `json:"scope"`
	Instance string `json:"instance"`
}

// DMDefault gives the direct messages of a platform to an instance.
type DMDefault struct {
	Platform string `json:"platform"`
	Instance string `json:"instance"`
}

// Author is somebody on a platform.
type Author struct {
	Platform string `json:"platform" minLength:"1" maxLength:"256"`
	UserID   string `json:"user_id" minLength:"1" maxLength:"256"`
}

// Principal says who besides bound authors a grant lets in.
type Principal struct {
	Principal string   `json:"principal" enum:"owner-only,allow-list,any"`
	Allow     []Author `json:"allow,omitempty" nullable:"false" maxItems:"1000" doc:"the list of allow-list"`
}

// PrincipalOf is the principal policy of an instance.
type PrincipalOf struct {
	Instance string `json:"instance"`
	Principal
}

// Hidden is a chat that somebody is not permitted to view.
type Hidden struct {
	Author
	Chat string `json:"chat" minLength:"1" maxLength:"256" doc:"a thread, a chat, or a server or workspace"`
}

// View says whether somebody is permitted to view a chat. Everybody sees what nothing was
// said about.
type View struct {
	Hidden
	Can bool `json:"can"`
}

// Code is a link code that was just made: whoever sends "/link <code>" to the bot as a
// direct message is bound to the instance. It is shown this once.
type Code struct {
	Code string `json:"code"`
}

// Post is what somebody wrote on a platform.
type Post struct {
	Event     Event `json:"event" doc:"its source names the platform"`
	Bot       bool  `json:"bot,omitempty" doc:"the author is a bot"`
	Addressed bool  `json:"addressed,omitempty" doc:"the agent's bot is mentioned"`
}

// Published says who received a post, and why.
type Published struct {
	Mark       int64               `json:"mark" doc:"seq of the last journal entry before it"`
	Decision   gate.Decision       `json:"decision"`
	Deliveries map[string]Delivery `json:"deliveries" doc:"by instance"`
}

// NewInstanceToken asks for a token for the /manage routes.
type NewInstanceToken struct {
	TTL Duration `json:"ttl,omitempty" doc:"left out, an hour"`
}
