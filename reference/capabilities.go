package reference

import (
	"slices"

	"github.com/relaykit/relaykit/protocol"
)

// What a descriptor means where it leaves something out.
const (
	defaultMaxMessageLength = 4096
	defaultEmoji            = "\U0001F50C"
	lenUnitChars            = "chars"
	lenUnitUTF16            = "utf16"
)

// Capabilities are what the platform behind the relay can do: the descriptor in
// force, with its defaults filled in.
//
// Contract, section "Descriptor": a limit of 0 means 4096; an unknown length unit
// means chars; a dialect that is empty or plain has no code blocks; absent optional
// members take their defaults; unknown members are ignored; a newer op may be used
// only when it is listed.
type Capabilities struct {
	Platform         string
	Label            string
	MaxMessageLength int    // in units of LenUnit
	LenUnit          string // chars: Unicode code points; utf16: UTF-16 code units
	DraftStreaming   bool
	Edit             bool
	Threads          bool
	MarkdownDialect  string
	CodeBlocks       bool
	Emoji            string
	PlatformHint     string
	PIISafe          bool

	ops []string
}

// Capabilities are those of the live session, or of the last one; ok is false before
// the first handshake. A redial's descriptor replaces the one before.
func (g *Gateway) Capabilities() (c Capabilities, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.capabilities == nil {
		return Capabilities{}, false
	}
	return *g.capabilities, true
}

func capabilitiesOf(d protocol.Descriptor) Capabilities {
	c := Capabilities{
		Platform:         d.Platform,
		Label:            d.Label,
		MaxMessageLength: int(d.MaxMessageLength),
		LenUnit:          d.LenUnit,
		DraftStreaming:   d.SupportsDraftStreaming,
		Edit:             d.SupportsEdit,
		Threads:          d.SupportsThreads,
		MarkdownDialect:  d.MarkdownDialect,
		CodeBlocks:       d.MarkdownDialect != "" && d.MarkdownDialect != "plain",
		Emoji:            d.Emoji.Or(defaultEmoji),
		PlatformHint:     d.PlatformHint.Or(""),
		PIISafe:          d.PIISafe.Or(false),
		ops:              d.SupportedOps.Or(nil),
	}
	if c.MaxMessageLength <= 0 {
		c.MaxMessageLength = defaultMaxMessageLength
	}
	if c.LenUnit != lenUnitUTF16 {
		c.LenUnit = lenUnitChars
	}
	return c
}

// Supports reports whether an op may be used. Without a list those of the baseline may.
func (c Capabilities) Supports(op protocol.Op) bool {
	if len(c.ops) == 0 {
		return op == protocol.OpSend || op == protocol.OpEdit || op == protocol.OpTyping || op == protocol.OpFollowUp
	}
	return slices.Contains(c.ops, string(op))
}

// Length is the length of a text in the platform's unit.
func (c Capabilities) Length(text string) int { return TextLength(text, c.LenUnit) }

// Split cuts a text into pieces that the platform takes, see [Split].
func (c Capabilities) Split(text string) []string {
	return Split(text, c.MaxMessageLength, c.LenUnit)
}
