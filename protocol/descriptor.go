package protocol

import "encoding/json"

// Descriptor is what a platform identity can do (contract, section "Descriptor").
type Descriptor struct {
	ContractVersion        int           `json:"contract_version" wire:"required"`
	Platform               string        `json:"platform" wire:"required"`
	Label                  string        `json:"label" wire:"required"`
	MaxMessageLength       LengthLimit   `json:"max_message_length" wire:"required"`
	SupportsDraftStreaming bool          `json:"supports_draft_streaming" wire:"required"`
	SupportsEdit           bool          `json:"supports_edit" wire:"required"`
	SupportsThreads        bool          `json:"supports_threads" wire:"required"`
	MarkdownDialect        string        `json:"markdown_dialect" wire:"required"`
	LenUnit                string        `json:"len_unit" wire:"required"`
	Emoji                  Opt[string]   `json:"emoji,omitzero"`
	PlatformHint           Opt[string]   `json:"platform_hint,omitzero"`
	PIISafe                Opt[bool]     `json:"pii_safe,omitzero"`
	SupportsContext        Opt[bool]     `json:"supports_context,omitzero" since:"2026-07-15"`
	SupportedOps           Opt[[]string] `json:"supported_ops,omitzero" since:"2026-07-25"`
	InchannelContinuable   Opt[bool]     `json:"supports_inchannel_continuable,omitzero" since:"2026-08"`
	BlockFormatting        Opt[bool]     `json:"supports_block_formatting,omitzero" since:"2026-08"`
	Extra                  Extra         `json:"-"`
}

// ContractVersion is the version that stays on the wire through every dated revision.
const ContractVersion = 1

// The defaults of a descriptor.
const (
	DefaultMaxMessageLength = 4096
	DefaultEmoji            = "\U0001F50C"
	LenUnitChars            = "chars" // Unicode code points; also what an unknown unit means
	LenUnitUTF16            = "utf16" // UTF-16 code units
)

// LengthLimit is `max_message_length` as it came. A value that is not a number is
// read as 0, which means the default, so that one odd limit does not cost the
// session.
type LengthLimit int

// UnmarshalJSON reads a number, truncated towards zero, and anything else as 0.
func (l *LengthLimit) UnmarshalJSON(data []byte) error {
	var n float64
	if jsonKind(data) != "number" || json.Unmarshal(data, &n) != nil || n > 1<<53 || n < -1<<53 {
		*l = 0
		return nil
	}
	*l = LengthLimit(n)
	return nil
}

// MaxLength is the limit in force, in the unit of LenUnit; 0 and below mean
// [DefaultMaxMessageLength].
func (d *Descriptor) MaxLength() int {
	if d.MaxMessageLength <= 0 {
		return DefaultMaxMessageLength
	}
	return int(d.MaxMessageLength)
}

// Unit is the length unit in force: [LenUnitUTF16], or [LenUnitChars] for anything else.
func (d *Descriptor) Unit() string {
	if d.LenUnit == LenUnitUTF16 {
		return LenUnitUTF16
	}
	return LenUnitChars
}

// Supports reports whether an op may be used: the legacy ops always, a newer one only
// when `supported_ops` names it.
func (d *Descriptor) Supports(op Op) bool {
	ops := d.SupportedOps.Or(nil)
	if len(ops) == 0 {
		return op.Legacy()
	}
	for _, o := range ops {
		if Op(o) == op {
			return true
		}
	}
	return false
}

// ParseDescriptor reads a descriptor on its own. Every error is a *[FrameError] that
// names the field.
func ParseDescriptor(data []byte) (*Descriptor, error) {
	if !json.Valid(data) {
		return nil, &FrameError{Code: CodeNotJSON, Want: "a JSON object", Got: "no JSON"}
	}
	d := new(Descriptor)
	if err := decodeObject(data, d); err != nil {
		return nil, err
	}
	return d, nil
}

// MarshalJSON writes the descriptor with its unknown members.
func (d Descriptor) MarshalJSON() ([]byte, error) { return encodeObject("", d) }

// UnmarshalJSON reads a descriptor by exact names.
func (d *Descriptor) UnmarshalJSON(data []byte) error { return decodeObject(data, d) }
