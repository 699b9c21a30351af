package fakeconnector

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/relaykit/relaykit/protocol"
)

func TestMessagesAndFramesOverThem(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{})
	k := greeted(t, c, g)
	mark := c.Journal().Mark()
	parts := []string{`{"type":"go`, `ing_idle"}` + "\n" + `{"type":"x"}` + "\n\n" + `{"ty`, `pe":"y"}` + "\r\n"}
	for i, p := range parts {
		opcode := websocket.TextMessage
		if i == 1 {
			opcode = websocket.BinaryMessage
		}
		must(t, k.ws.WriteMessage(opcode, []byte(p)))
	}
	expect[*protocol.GoingIdleAck](k)
	k.alive()
	var messages []Entry
	var frames []Entry
	for _, e := range c.Journal().Since(mark) {
		if e.Dir != protocol.FromGateway || len(frames) == 3 {
			continue
		}
		switch e.Kind {
		case KindMessage:
			messages = append(messages, e)
		case KindFrame:
			frames = append(frames, e)
		}
	}
	for i, p := range parts {
		m := messages[i].Message
		if string(m.Payload) != p || (m.Opcode == websocket.BinaryMessage) != (i == 1) {
			t.Errorf("expected the exact message %q, got %s", p, messages[i])
		}
	}
	for i, want := range []struct {
		raw         string
		first, last int
	}{{`{"type":"going_idle"}`, 0, 1}, {`{"type":"x"}`, 1, 1}, {`{"type":"y"}`, 1, 2}} {
		f := frames[i].Frame
		if string(f.Raw) != want.raw || f.FirstMessage != messages[want.first].Seq || f.Message != messages[want.last].Seq {
			t.Errorf("expected frame %s over messages %d to %d, got %s over %d to %d", want.raw,
				messages[want.first].Seq, messages[want.last].Seq, f.Raw, f.FirstMessage, f.Message)
		}
	}
	// The same for what we send, also when it is raw and in pieces.
	s := c.Session(g.ID)
	mark = c.Journal().Mark()
	for _, p := range []string{`{"type":"in`, `bound","event":null}` + "\n"} {
		must(t, s.SendRaw(websocket.TextMessage, []byte(p)))
	}
	var kinds []string
	for _, e := range c.Journal().Since(mark) {
		kinds = append(kinds, string(e.Kind))
		if e.Kind == KindFrame && (e.Frame.FirstMessage != mark+1 || e.Frame.Message != mark+2 || e.Frame.Err == nil) {
			t.Errorf("expected one broken frame over both messages, got %s", e)
		}
	}
	if got := strings.Join(kinds, " "); got != "message message frame" {
		t.Errorf("expected message message frame, got %s", got)
	}
}

func TestJournalIsBounded(t *testing.T) {
	j := newJournal(systemClock{}, Limits{JournalEntries: 10, JournalBytes: 1 << 20}, strings.Clone, slog.New(slog.DiscardHandler))
	for range 1000 {
		j.one(Entry{Kind: KindNote})
	}
	if n := len(j.All()); n != 10 || j.Forgotten() != 990 || j.Mark() != 1000 {
		t.Errorf("expected 10 of 1000 entries, got %d, %d forgotten, mark %d", n, j.Forgotten(), j.Mark())
	}
	if e := j.Since(998); len(e) != 2 || e[0].Seq != 999 {
		t.Errorf("expected entries 999 and 1000, got %v", e)
	}
	j = newJournal(systemClock{}, Limits{JournalEntries: 1 << 20, JournalBytes: 100_000}, strings.Clone, slog.New(slog.DiscardHandler))
	for range 1000 {
		j.one(Entry{Kind: KindMessage, Message: &Message{Payload: make([]byte, 10_000)}})
		if j.bytes > 100_000 {
			t.Fatalf("expected at most 100000 bytes, got %d", j.bytes)
		}
	}
	if n := len(j.All()); n < 5 || n > 10 {
		t.Errorf("expected what fits to stay, got %d entries", n)
	}
}

func TestWaitTellsWhatCameInstead(t *testing.T) {
	c := started(t)
	ctx, cancel := context.WithCancelCause(context.Background())
	tooLong := errors.New("the answer took too long")
	cancel(tooLong)
	_, err := c.Journal().Wait(ctx, 0, OfKind(KindClosed))
	if !errors.Is(err, tooLong) || !strings.Contains(err.Error(), "nothing at all") {
		t.Errorf("expected the error to say that nothing came, got %v", err)
	}
	g := c.AddGateway(Gateway{})
	k := greeted(t, c, g)
	k.send(&protocol.Interrupt{SessionKey: "Bearer abc.def " + g.Secret})
	k.alive()
	_, err = c.Journal().WaitN(ctx, 0, 3, FrameOf(protocol.TypeHello))
	var we *WaitError
	if !errors.As(err, &we) || len(we.Found) != 1 || len(we.Last) != lastSeen || we.Total <= lastSeen {
		t.Fatalf("expected a WaitError with what was found and seen, got %v", err)
	}
	if s := err.Error(); !strings.Contains(s, `"interrupt"`) || strings.Contains(s, g.Secret) || strings.Contains(s, "abc.def") {
		t.Errorf("expected the last entries without secrets, got %s", s)
	}
}

func TestFollow(t *testing.T) {
	c := started(t)
	g := c.AddGateway(Gateway{})
	kinds := make(chan Kind, 100)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for e := range c.Journal().Follow(context.Background(), 0) {
			kinds <- e.Kind
		}
	}()
	greeted(t, c, g)
	for _, want := range []Kind{KindDial, KindUpgraded, KindMessage, KindFrame, KindMessage, KindFrame} {
		if got := <-kinds; got != want {
			t.Errorf("expected %s, got %s", want, got)
		}
	}
	must(t, c.Close())
	<-done // the end of the connector ends it
}

// Who waits is not held up by entries that come without end.
func TestAFloodEndsWithTheWait(t *testing.T) {
	c := started(t)
	ctx, cancel := context.WithCancel(within(t))
	looked := 0
	more := func(Entry) bool {
		cancel()
		if looked++; looked > 1000 {
			t.Fatal("expected the wait to end with its context, it goes on")
		}
		c.journal.one(Entry{Kind: KindNote, Note: "and another one"})
		return false
	}
	more(Entry{})
	if _, err := c.Journal().Wait(ctx, 0, more); !errors.Is(err, context.Canceled) {
		t.Errorf("expected the wait to end with its context, got %v", err)
	}
	for e := range c.Journal().Follow(ctx, 0) {
		more(e)
	}
}

func TestExportHoldsNoSecret(t *testing.T) {
	var logged bytes.Buffer
	c := started(t, WithLogger(slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	g := c.AddGateway(Gateway{})
	k := greeted(t, c, g)
	k.send(&protocol.Interrupt{SessionKey: "the secret is " + g.Secret})
	must(t, k.ws.WriteMessage(websocket.BinaryMessage, []byte("\xff"+g.Secret+"\n")))
	k.alive()
	must(t, k.ws.Close())
	await(t, c, 0, OfKind(KindClosed))
	must(t, c.Close())
	var out bytes.Buffer
	must(t, c.Journal().WriteJSONL(&out))
	token := strings.TrimPrefix(await2(c, KindDial).Dial.Header.Get("Authorization"), "Bearer ")
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != len(c.Journal().All()) {
		t.Errorf("expected a line for each of %d entries, got %d", len(c.Journal().All()), len(lines))
	}
	var texts []string
	for _, line := range lines {
		var e struct {
			Seq     int64
			At      float64
			Kind    Kind
			Message struct {
				Text  string
				Bytes []byte
			}
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.Seq == 0 || e.Kind == "" {
			t.Fatalf("expected a JSON object, got %s, %v", line, err)
		}
		texts = append(texts, e.Message.Text, string(e.Message.Bytes))
	}
	for name, text := range map[string]string{"export": out.String(), "payloads": strings.Join(texts, "\n"), "log": logged.String()} {
		if strings.Contains(text, g.Secret) || strings.Contains(text, token) {
			t.Errorf("the %s holds a secret: %s", name, text)
		}
	}
	if !strings.Contains(out.String(), "the secret is ") || !strings.Contains(logged.String(), "violation") {
		t.Error("expected export and log to hold the rest")
	}
}

func await2(c *Connector, k Kind) Entry {
	for _, e := range c.Journal().All() {
		if e.Kind == k {
			return e
		}
	}
	return Entry{}
}

func TestEntriesAreStamped(t *testing.T) {
	clock := &handClock{now: time.Unix(1_750_000_000, 0), timers: make(chan func(), 10)}
	c := New(WithClock(clock))
	clock.advance(time.Hour)
	must(t, c.Start())
	defer c.Close()
	clock.advance(time.Second)
	g := c.AddGateway(Gateway{Instance: "i"})
	greeted(t, c, g)
	for i, e := range c.Journal().All() {
		if e.Seq != int64(i+1) || e.At != time.Second || !e.Wall.Equal(clock.Now()) || e.Session != "s1" || e.GatewayID != g.ID || e.Instance != "i" {
			t.Errorf("expected entry %d with all its stamps, got %+v", i+1, e)
		}
	}
}
