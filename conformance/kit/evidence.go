package kit

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

// What a failure shows at most: enough to see the last exchange, little enough to read.
const (
	evidenceEntries = 40
	evidenceWidth   = 220
)

// evidence is what a failing case prints: the rule, what was expected and what came,
// one timeline of both sides' messages and the subject's log lines, and how to run just
// this case again.
func evidence(c Case, out stop, j Judge, timeline []string) string {
	var b strings.Builder
	if j.RuleText != nil {
		fmt.Fprintf(&b, "rule %s (%s): %s\n", c.Rule(), c.Level, j.RuleText(c.Rule()))
	}
	fmt.Fprintf(&b, "case: %s\n", c.Title)
	for _, d := range out.details {
		b.WriteString(d + "\n")
	}
	if len(timeline) > 0 {
		if c.Side() == ConnectorSide {
			b.WriteString("timeline (seconds since the case began; > from the probe, < from the connector):\n")
		} else {
			b.WriteString("timeline (seconds since the connector started; > from the gateway, < to the gateway):\n")
		}
		for _, line := range timeline {
			b.WriteString("  " + line + "\n")
		}
	}
	if j.Rerun != nil {
		fmt.Fprintf(&b, "run it again: %s\n", j.Rerun(c.ID))
	}
	return b.String()
}

type timed struct {
	at   time.Duration
	text string
}

func (g *G) timeline() []string {
	if g.gw == nil {
		return nil
	}
	var lines []timed
	journal := g.gw.Connector.Journal()
	mine := g.mine()
	zero := g.gw.prepared
	for _, e := range journal.All() {
		zero = e.Wall.Add(-e.At)
		if e.Seq <= g.began || !mine(e) {
			continue
		}
		if s := brief(e); s != "" {
			lines = append(lines, timed{e.At, s})
		}
	}
	if g.gw.Subject != nil {
		for _, l := range g.gw.Subject.Logs().Lines() {
			at := l.At.Sub(zero)
			if len(lines) > 0 && at < lines[0].at-time.Second {
				continue
			}
			lines = append(lines, timed{at, "log " + l.Stream + ": " + clip(l.Text)})
		}
	}
	return inOrder(lines)
}

// inOrder is the last lines of a timeline, by their time.
func inOrder(lines []timed) []string {
	sort.SliceStable(lines, func(i, k int) bool { return lines[i].at < lines[k].at })
	var out []string
	if n := len(lines) - evidenceEntries; n > 0 {
		out = append(out, fmt.Sprintf("… %d earlier entries left out", n))
		lines = lines[n:]
	}
	for _, l := range lines {
		out = append(out, fmt.Sprintf("%8.3f %s", l.at.Seconds(), l.text))
	}
	return out
}

// mine tells, on a session that other cases use at the same time, which messages are
// this case's: those with one of its ids, and the results to its requests.
func (g *G) mine() func(fakeconnector.Entry) bool {
	if g.own || g.Case.Needs.Alone || g.Case.Needs.Last {
		return func(fakeconnector.Entry) bool { return true }
	}
	marks := []string{g.ids.prefix}
	return func(e fakeconnector.Entry) bool {
		if e.Kind != fakeconnector.KindMessage || e.Message == nil {
			return e.Kind != fakeconnector.KindFault
		}
		for _, mark := range marks {
			if !strings.Contains(string(e.Message.Payload), mark) {
				continue
			}
			for _, line := range strings.Split(string(e.Message.Payload), "\n") {
				var f struct {
					RequestID string `json:"requestId"`
				}
				if strings.Contains(line, mark) && json.Unmarshal([]byte(line), &f) == nil && f.RequestID != "" {
					marks = append(marks, f.RequestID)
				}
			}
			return true
		}
		return false
	}
}

func fromGateway(e fakeconnector.Entry) bool {
	return e.Kind == fakeconnector.KindDial || e.Dir == protocol.FromGateway && e.Kind != fakeconnector.KindFrame ||
		e.Kind == fakeconnector.KindClosed && e.Close != nil && e.Close.By == protocol.FromGateway
}

// brief is one journal entry on one line; empty for what a reader has seen already in
// another entry (the frames of a message).
func brief(e fakeconnector.Entry) string {
	switch e.Kind {
	case fakeconnector.KindDial:
		if e.Dial != nil {
			return fmt.Sprintf("> dial %s", clip(e.Dial.Path))
		}
	case fakeconnector.KindHTTP:
		if e.Dial != nil {
			return fmt.Sprintf("> %s %s %s", e.Dial.Method, clip(e.Dial.Path), clip(string(e.Dial.Body)))
		}
		if e.Answer != nil {
			return fmt.Sprintf("< HTTP %d %s", e.Answer.Status, clip(string(e.Answer.Body)))
		}
	case fakeconnector.KindUpgraded:
		return fmt.Sprintf("  session %s begins", e.Session)
	case fakeconnector.KindRefused:
		if e.Dial != nil {
			return fmt.Sprintf("< HTTP %d, no upgrade", e.Dial.Status)
		}
		return "< the dial was refused"
	case fakeconnector.KindMessage:
		if e.Message != nil {
			arrow, kind := "<", "text"
			if e.Dir == protocol.FromGateway {
				arrow = ">"
			}
			if e.Message.Opcode == 2 {
				kind = "binary"
			}
			return fmt.Sprintf("%s %s %s %q", arrow, e.Session, kind, clip(string(e.Message.Payload)))
		}
	case fakeconnector.KindFrame:
		// Shown by its message, unless it could not be read.
		if e.Frame != nil && e.Frame.Err != nil {
			return fmt.Sprintf("  not a usable frame: %v", e.Frame.Err)
		}
		return ""
	case fakeconnector.KindClosed:
		if e.Close != nil {
			return fmt.Sprintf("  session %s closed by the %s: %s", e.Session, e.Close.By, closeWords(*e.Close))
		}
	case fakeconnector.KindViolation:
		if e.Violation != nil {
			return fmt.Sprintf("! %s: %s", e.Violation.Rule, clip(e.Violation.Text))
		}
	}
	if e.Note != "" {
		return "  " + clip(e.Note)
	}
	return ""
}

// shown is one journal entry where a message says what came: brief, and a frame by its own
// bytes, since nothing beside it shows the message that it came in.
func shown(e fakeconnector.Entry) string {
	if e.Kind == fakeconnector.KindFrame && e.Frame != nil {
		line := clip(string(e.Frame.Raw))
		if e.Frame.Err != nil {
			line += fmt.Sprintf(", which is not a usable frame: %v", e.Frame.Err)
		}
		return line
	}
	return strings.TrimSpace(brief(e))
}

func closeWords(c fakeconnector.CloseRecord) string {
	if c.How != "close-frame" {
		return "no close frame, TCP " + c.How
	}
	return fmt.Sprintf("%d %q", c.Code, c.Reason)
}

func clip(s string) string {
	if len(s) <= evidenceWidth {
		return s
	}
	return strings.ToValidUTF8(s[:evidenceWidth], "") + fmt.Sprintf("… (%d bytes)", len(s))
}
