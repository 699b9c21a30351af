package inspector

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/fakeconnector/control/client"
	"github.com/relaykit/relaykit/protocol"
)

// sendBody is what the page of the forms shows.
type sendBody struct {
	Instances []api.Instance
	Sessions  []api.Session
	ChatTypes []string
	Frame     string
	Request   string
}

// What the forms begin with.
const (
	frameDraft   = `{"type":"interrupt_inbound","session_key":"agent:main:discord:channel:C1:U1","chat_id":"C1"}`
	requestDraft = `POST /interactions HTTP/1.1
Content-Type: application/json

{"type":2,"id":"I1","channel_id":"C1","guild_id":"G1","data":{"name":"help"},"member":{"user":{"id":"U1","username":"alice"}}}`
)

func (i *Inspector) send(r *http.Request, c *client.Client) (string, string, any, error) {
	instances, err := c.Instances(r.Context())
	if err != nil {
		return "", "", nil, err
	}
	sessions, err := c.Sessions(r.Context())
	return "send.html", "Send", sendBody{instances.Instances, sessions.Sessions,
		[]string{"channel", "dm", "group", "thread", "forum"}, frameDraft, requestDraft}, err
}

func (i *Inspector) sendEvent(f form) (string, error) {
	e := api.Event{Text: f.Get("text"), MessageType: "text", Source: protocol.Source{
		Platform: f.Get("platform"), ChatID: f.Get("chat_id"), ChatType: f.Get("chat_type"),
	}}
	for name, to := range map[string]*protocol.Opt[string]{
		"user_id": &e.Source.UserID, "user_name": &e.Source.UserName, "thread_id": &e.Source.ThreadID, "guild_id": &e.Source.GuildID,
	} {
		if v := f.Get(name); v != "" {
			*to = protocol.Some(v)
		}
	}
	d, err := f.c.Push(f.ctx, f.Get("instance"), e)
	return delivered("the event", d), err
}

func delivered(what string, d api.Delivery) string {
	if d.BufferID != "" {
		return fmt.Sprintf("%s waits in the buffer of %s as %s", what, d.Instance, d.BufferID)
	}
	return fmt.Sprintf("%s went out on session %s; what it leads to comes after #%d", what, d.Session, d.Mark)
}

func (i *Inspector) sendFrame(f form) (string, error) {
	var frame json.RawMessage
	if err := strict(f.Get("frame"), &frame); err != nil {
		return "", fmt.Errorf("frame: %w", err)
	}
	sent, err := f.c.SendFrame(f.ctx, f.Get("session"), frame)
	return "the frame went out on session " + sent.Session, err
}

// sendPassthrough takes a request as a form has it: with the line ends of a text area, and
// without a length, which is that of the rest.
func (i *Inspector) sendPassthrough(f form) (string, error) {
	text := strings.ReplaceAll(f.Get("request"), "\r\n", "\n")
	head, body, _ := strings.Cut(text, "\n\n")
	head = strings.TrimRight(head, "\n")
	if !strings.Contains(strings.ToLower(head), "\ncontent-length:") {
		head += fmt.Sprintf("\nContent-Length: %d", len(body))
	}
	if !strings.Contains(strings.ToLower(head), "\nhost:") {
		head += "\nHost: platform.example"
	}
	raw := strings.ReplaceAll(head, "\n", "\r\n") + "\r\n\r\n" + body
	d, err := f.c.Passthrough(f.ctx, f.Get("instance"), f.Get("platform"), f.Get("bot_id"), []byte(raw))
	return delivered("the request", d), err
}

func (i *Inspector) sendInterrupt(f form) (string, error) {
	sent, err := f.c.Interrupt(f.ctx, f.Get("instance"), api.Interrupt{SessionKey: f.Get("session_key"), ChatID: f.Get("chat_id")})
	return "the interrupt went out on session " + sent.Session, err
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
