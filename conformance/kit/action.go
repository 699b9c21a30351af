package kit

import (
	"encoding/json"
	"fmt"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/protocol"
)

// AnswerWith answers requests with a result of the case's own, as raw JSON.
func (g *G) AnswerWith(m fakeconnector.Match, result string) {
	m.Type = protocol.TypeOutbound
	g.On(m).Do(fakeconnector.Raw{Text: `{"type":"outbound_result","requestId":"{{requestId}}","result":` + result + "}\n"})
}

// ChatInfo asks the driver about a chat and returns the name and the type that the
// gateway tells its own callers.
func (g *G) ChatInfo(chat string) (name, kind string) {
	raw := g.Drive("gateway/chat_info", map[string]any{"chat_id": chat}, g.Timing.Answer)
	var answer struct {
		Success  *bool `json:"success"`
		ChatInfo struct {
			Name, Type *string
		} `json:"chat_info"`
	}
	err := json.Unmarshal(raw, &answer)
	if err != nil || answer.Success == nil || !*answer.Success || answer.ChatInfo.Name == nil || answer.ChatInfo.Type == nil {
		g.Mismatch("success true and a chat_info with name and type for the caller", fmt.Sprintf("%.200s", raw))
	}
	return *answer.ChatInfo.Name, *answer.ChatInfo.Type
}
