package protocol

import "encoding/json"

// Event is one inbound event (contract, section "Inbound").
type Event struct {
	Text             string                 `json:"text" wire:"always"`
	MessageType      string                 `json:"message_type" wire:"always"`
	Source           Source                 `json:"source" wire:"required"`
	MessageID        Opt[string]            `json:"message_id,omitzero"`
	ReplyToMessageID Opt[string]            `json:"reply_to_message_id,omitzero"`
	MediaURLs        Opt[[]string]          `json:"media_urls,omitzero"`
	Media            Opt[[]json.RawMessage] `json:"media,omitzero" since:"2026-07-25"`
	ReplyTo          Opt[ReplyTo]           `json:"reply_to,omitzero" since:"2026-07"`
	PromptResponse   Opt[PromptResponse]    `json:"prompt_response,omitzero" since:"2026-07-26"`
	Context          Opt[[]json.RawMessage] `json:"context,omitzero" since:"2026-07-15"`
	ContextError     Opt[json.RawMessage]   `json:"context_error,omitzero" since:"2026-07-15"`
	Extra            Extra                  `json:"-"`
}

// ReplyTo describes the message that an event answers.
type ReplyTo struct {
	Text   Opt[string] `json:"text,omitzero"`
	Author Opt[string] `json:"author,omitzero"`
	IsOwn  Opt[bool]   `json:"is_own,omitzero"`
	Extra  Extra       `json:"-"`
}

// PromptResponse is a press of an option of a prompt.
type PromptResponse struct {
	PromptID        string      `json:"prompt_id" wire:"required"`
	OptionID        string      `json:"option_id" wire:"required"`
	Label           Opt[string] `json:"label,omitzero"`
	PromptMessageID Opt[string] `json:"prompt_message_id,omitzero"`
	Extra           Extra       `json:"-"`
}

// Source is where an event comes from (contract, section "Session source"). The
// session key is computed from it.
type Source struct {
	Platform              string      `json:"platform" wire:"always"`
	ChatID                string      `json:"chat_id" wire:"required"`
	ChatType              string      `json:"chat_type" wire:"always"`
	ChatName              Opt[string] `json:"chat_name,omitzero" wire:"nullable"`
	UserID                Opt[string] `json:"user_id,omitzero" wire:"nullable"`
	UserName              Opt[string] `json:"user_name,omitzero" wire:"nullable"`
	ThreadID              Opt[string] `json:"thread_id,omitzero" wire:"nullable"`
	ChatTopic             Opt[string] `json:"chat_topic,omitzero" wire:"nullable"`
	UserIDAlt             Opt[string] `json:"user_id_alt,omitzero"`
	ChatIDAlt             Opt[string] `json:"chat_id_alt,omitzero"`
	ParentChatID          Opt[string] `json:"parent_chat_id,omitzero"`
	MessageID             Opt[string] `json:"message_id,omitzero"`
	GuildID               Opt[string] `json:"guild_id,omitzero"`
	ScopeID               Opt[string] `json:"scope_id,omitzero" since:"2026-06-30"`
	Profile               Opt[string] `json:"profile,omitzero" since:"2026-07-08"`
	UserDisplayName       Opt[string] `json:"user_display_name,omitzero" since:"2026-07-25"`
	UserHandle            Opt[string] `json:"user_handle,omitzero" since:"2026-07-25"`
	AutoThreadCreated     Opt[bool]   `json:"auto_thread_created,omitzero" since:"2026-08"`
	AutoThreadInitialName Opt[string] `json:"auto_thread_initial_name,omitzero" since:"2026-08"`
	ProspectiveThreadID   Opt[string] `json:"prospective_thread_id,omitzero" since:"2026-08"`
	IsBot                 Opt[bool]   `json:"is_bot,omitzero" since:"2026-10"`
	MessageIsEdit         Opt[bool]   `json:"message_is_edit,omitzero" since:"2026-10"`
	OneToOneVerified      Opt[bool]   `json:"one_to_one_verified,omitzero" since:"2026-10"`
	Extra                 Extra       `json:"-"`
}

// MessageTypes are the message types of the contract; any other means "text".
func MessageTypes() []string {
	return []string{"text", "location", "photo", "video", "audio", "voice", "document", "sticker", "command"}
}

// MarshalJSON and UnmarshalJSON keep unknown members and match names exactly.
func (e Event) MarshalJSON() ([]byte, error)              { return encodeObject("", e) }
func (e *Event) UnmarshalJSON(data []byte) error          { return decodeObject(data, e) }
func (r ReplyTo) MarshalJSON() ([]byte, error)            { return encodeObject("", r) }
func (r *ReplyTo) UnmarshalJSON(data []byte) error        { return decodeObject(data, r) }
func (p PromptResponse) MarshalJSON() ([]byte, error)     { return encodeObject("", p) }
func (p *PromptResponse) UnmarshalJSON(data []byte) error { return decodeObject(data, p) }
func (s Source) MarshalJSON() ([]byte, error)             { return encodeObject("", s) }
func (s *Source) UnmarshalJSON(data []byte) error         { return decodeObject(data, s) }
