package fakeconnector

import "github.com/relaykit/relaykit/protocol"

// platforms is the table that descriptors are projected from. Limits, dialects and units
// of Discord, Telegram and Slack are those of the contract; the rest is what the
// platforms allow.
var platforms = map[string]protocol.Descriptor{
	"discord":  entry("Discord", 2000, "discord", protocol.LenUnitChars, "\U0001F4AC", true, true),
	"telegram": entry("Telegram", 4096, "markdown_v2", protocol.LenUnitUTF16, "\u2708\uFE0F", true, true),
	"slack":    entry("Slack", 39000, "slack_mrkdwn", protocol.LenUnitChars, "\U0001F4BC", true, true),
	"whatsapp": entry("WhatsApp", 4096, "whatsapp", protocol.LenUnitChars, "\U0001F4F1", false, false),
	"signal":   entry("Signal", 2000, "plain", protocol.LenUnitChars, "\U0001F512", false, false),
	"matrix":   entry("Matrix", 0, "markdown", protocol.LenUnitChars, "\U0001F9EE", true, true),
}

func entry(label string, limit int, dialect, unit, emoji string, edit, threads bool) protocol.Descriptor {
	return protocol.Descriptor{
		ContractVersion: protocol.ContractVersion, Label: label, MaxMessageLength: protocol.LengthLimit(limit),
		SupportsEdit: edit, SupportsThreads: threads, MarkdownDialect: dialect, LenUnit: unit,
		Emoji: protocol.Some(emoji), PlatformHint: protocol.Some(""), PIISafe: protocol.Some(false),
	}
}

// Platforms lists the platforms of the built-in table. Every other name gets a plain
// descriptor with the name as its label.
func Platforms() []string {
	return []string{"discord", "telegram", "slack", "whatsapp", "signal", "matrix"}
}

// Descriptor is the built-in descriptor of a platform. Change what you need and give it
// to [Gateway].Descriptors.
func Descriptor(platform string) protocol.Descriptor {
	d, known := platforms[platform]
	if !known {
		d = entry(platform, protocol.DefaultMaxMessageLength, "plain", protocol.LenUnitChars, protocol.DefaultEmoji, false, false)
	}
	d.Platform = platform
	if d.MaxMessageLength <= 0 {
		d.MaxMessageLength = protocol.DefaultMaxMessageLength
	}
	return d
}

func (c *Connector) descriptor(g Gateway, platform string) protocol.Descriptor {
	if d, ok := g.Descriptors[platform]; ok {
		return d
	}
	if d, ok := g.Descriptors[""]; ok {
		if d.Platform == "" {
			d.Platform = platform
		}
		return d
	}
	return Descriptor(platform)
}
