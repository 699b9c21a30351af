package faketarget

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/fakeconnector/gate"
)

func (t *target) identity(_ context.Context, tenant string) (string, error) {
	return t.fake().IdentityToken(tenant), nil
}

// invitationLife is longer than any run.
const invitationLife = 24 * time.Hour

func (t *target) invite(_ context.Context, tenant string) (string, error) {
	return t.fake().EnrollmentToken(tenant, invitationLife), nil
}

func (t *target) arrive(_ context.Context, e kit.PublishedEvent) error {
	_, err := t.fake().Arrive(gate.Post{Event: Event(e), Bot: e.Bot, Addressed: e.Addressed})
	return err
}

func (t *target) linkCode(_ context.Context, instance string) (string, error) {
	return t.fake().LinkCode(instance)
}

func (t *target) setView(_ context.Context, platform, userID, chatID string, can bool) error {
	if userID == "" || chatID == "" {
		return errors.New("expected a user id and a chat")
	}
	return t.fake().Gate().SetView(gate.Author{Platform: platform, UserID: userID}, chatID, can)
}

// ManageBodies are those of the fake's /manage routes.
func ManageBodies() *kit.ManageBodies {
	object := func(m map[string]any) string {
		text, _ := json.Marshal(m) // texts and lists of them always encode
		return string(text)
	}
	return &kit.ManageBodies{
		Link: func(platform, userID string) string {
			return object(map[string]any{"platform": platform, "userId": userID})
		},
		Scope: func(platform, scope string) string {
			return object(map[string]any{"platform": platform, "scope": scope})
		},
		Principal: func(policy, platform string, allowed ...string) string {
			m := map[string]any{"principal": policy}
			if len(allowed) > 0 {
				list := []map[string]any{}
				for _, user := range allowed {
					list = append(list, map[string]any{"platform": platform, "userId": user})
				}
				m["allow"] = list
			}
			return object(m)
		},
		Deprovision: func() string { return "{}" },
	}
}
