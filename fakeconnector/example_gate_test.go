package fakeconnector_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/fakeconnector/gate"
	"github.com/relaykit/relaykit/protocol"
)

// Three people write in a channel that was granted to an instance.
func ExampleConnector_Arrive() {
	c := fakeconnector.New()
	defer c.Close()
	c.AddGateway(fakeconnector.Gateway{Instance: "inst-1", Platform: "discord"})
	person := func(id string) gate.Author { return gate.Author{Platform: "discord", UserID: id} }
	check := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	check(c.Gate().Bind("inst-1", person("alice")))
	check(c.Gate().Grant("inst-1", "discord", "C1"))
	check(c.Gate().SetPrincipal("inst-1", gate.AllowList, person("bob")))
	for _, author := range []string{"alice", "bob", "carol"} {
		arrived, err := c.Arrive(gate.Post{Event: protocol.Event{Text: "hello", Source: protocol.Source{
			Platform: "discord", ChatID: "C1", ChatType: "channel", GuildID: protocol.Some("G1"), UserID: protocol.Some(author)}}})
		check(err)
		fmt.Println(arrived.Decision)
	}
	// Output:
	// discord/alice in C1: inst-1 authorised (the author is bound to it), visible (its owner discord/alice is permitted to view the chat), relevant (its owner wrote it) → deliver
	// discord/bob in C1: inst-1 authorised (the scope C1 is granted to it, and its principal policy is allow-list), visible (its owner discord/alice is permitted to view the chat), relevant (the policy asks for no address) → deliver
	// discord/carol in C1: inst-1 not authorised (the scope C1 is granted to it, and its principal policy allow-list does not let discord/carol in) → dropped
}

// Two instances want one channel.
func ExampleConnector_InstanceToken() {
	c := fakeconnector.New()
	if err := c.Start(); err != nil {
		panic(err)
	}
	defer c.Close()
	for _, instance := range []string{"inst-1", "inst-2"} {
		c.AddGateway(fakeconnector.Gateway{Instance: instance})
		token, err := c.InstanceToken(instance, time.Minute)
		if err != nil {
			panic(err)
		}
		r, err := http.NewRequest(http.MethodPost, c.URL()+protocol.RouteManageScope, strings.NewReader(`{"platform":"discord","scope":"C1"}`))
		if err != nil {
			panic(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
		if err != nil {
			panic(err)
		}
		body, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		fmt.Println(answer.Status, string(body))
	}
	fmt.Println(c.Gate().Grants())
	// Output:
	// 200 OK {"platform":"discord","scope":"C1"}
	// 409 Conflict {"error":"granting discord/C1: another instance has it"}
	// [{discord C1 inst-1}]
}
