package api

// Tenant is a tenant that a gateway, or an identity token, belongs to.
type Tenant struct {
	Tenant         string   `json:"tenant"`
	Gateways       []string `json:"gateways" nullable:"false"`
	IdentityTokens int      `json:"identity_tokens" doc:"how many are in force; what they are is not shown"`
}

// Tenants lists them.
type Tenants struct {
	Tenants []Tenant `json:"tenants" nullable:"false"`
}

// NewIdentityToken asks for a token with which gateways of a tenant provision themselves.
type NewIdentityToken struct {
	Token string `json:"token,omitempty" minLength:"6" maxLength:"8192" doc:"one of your own; left out, one is made"`
}

// NewEnrollmentToken asks for an invitation of a tenant, good for one use.
type NewEnrollmentToken struct {
	TTL Duration `json:"ttl,omitempty" doc:"how long it is good for; left out, for ever"`
}

// NewUpgradeToken asks for a token to dial with, for a client of your own that plays the
// gateway.
type NewUpgradeToken struct {
	TTL Duration `json:"ttl,omitempty" doc:"left out, for ever"`
}

// Token is a token that was just made. It is shown this once.
type Token struct {
	Token string `json:"token"`
}

// Removed says how many things a call took away.
type Removed struct {
	Removed int `json:"removed"`
}

// Gateway is the record of a gateway, without its secret.
type Gateway struct {
	ID          string     `json:"id"`
	Tenant      string     `json:"tenant"`
	Instance    string     `json:"instance"`
	Platform    string     `json:"platform"`
	BotID       string     `json:"bot_id"`
	Fronts      []Identity `json:"fronts" nullable:"false" doc:"further identities that it may say hello for"`
	WakeURL     string     `json:"wake_url,omitempty"`
	DisplayName string     `json:"display_name,omitempty"`
	Session     string     `json:"session,omitempty" doc:"its live session"`
}

// Identity is a platform identity.
type Identity struct {
	Platform string `json:"platform" minLength:"1" maxLength:"256"`
	BotID    string `json:"bot_id" maxLength:"256"`
}

// Gateways lists them, in the order in which they were added.
type Gateways struct {
	Gateways []Gateway `json:"gateways" nullable:"false"`
}

// NewGateway asks for a record. Everything has a default.
type NewGateway struct {
	ID       string     `json:"id,omitempty" minLength:"1" maxLength:"256" pattern:"^[^\\x00-\\x1f\\x7f]+$"`
	Secret   string     `json:"secret,omitempty" minLength:"6" maxLength:"1024" doc:"left out, one is made"`
	Tenant   string     `json:"tenant,omitempty" minLength:"1" maxLength:"256" pattern:"^[^\\x00-\\x1f\\x7f]+$" doc:"left out, a tenant of its own"`
	Instance string     `json:"instance,omitempty" minLength:"1" maxLength:"256" pattern:"^[^\\x00-\\x1f\\x7f]+$" doc:"left out, an instance of its own; gateways of one instance share its buffer"`
	Platform string     `json:"platform,omitempty" minLength:"1" maxLength:"256" doc:"what its hello should name; left out, discord"`
	BotID    string     `json:"bot_id,omitempty" minLength:"1" maxLength:"256"`
	Fronts   []Identity `json:"fronts,omitempty" nullable:"false" maxItems:"64"`
	WakeURL  string     `json:"wake_url,omitempty" format:"uri" maxLength:"4096"`
}

// NewGatewayRecord is a record with its secret, which is shown this once.
type NewGatewayRecord struct {
	Gateway Gateway `json:"gateway"`
	Secret  string  `json:"secret"`
}

// Policy is what a gateway declared about relevance on one platform.
type Policy struct {
	Gateway            string   `json:"gateway"`
	Platform           string   `json:"platform"`
	RequireAddress     bool     `json:"require_address"`
	FreeResponseScopes []string `json:"free_response_scopes" nullable:"false"`
	AllowOtherBots     bool     `json:"allow_other_bots"`
}

// Policies lists them.
type Policies struct {
	Policies []Policy `json:"policies" nullable:"false"`
}

// NewPolicy replaces a policy as a whole.
type NewPolicy struct {
	RequireAddress     bool     `json:"require_address"`
	FreeResponseScopes []string `json:"free_response_scopes,omitempty" nullable:"false" maxItems:"1000"`
	AllowOtherBots     bool     `json:"allow_other_bots"`
}

// Scope is a server or workspace, and whose it is.
type Scope struct {
	Scope   string   `json:"scope"`
	Tenants []string `json:"tenants" nullable:"false"`
}

// Scopes lists them, sorted.
type Scopes struct {
	Scopes []Scope `json:"scopes" nullable:"false"`
}
