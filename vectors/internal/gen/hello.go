package gen

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

func init() {
	ops["hello/open"] = op{doc: "What a gateway sends to open a session: the URL that it dials, the bearer of the upgrade (null for no header), and its frames before the descriptor.",
		clock: true, input: m{"base": str, "gateway_id": str, "secret": m{"type": []string{"string", "null"}}, "platform": str, "bot_id": str},
		output: closed(m{"url": str, "bearer": m{"type": []string{"string", "null"}}, "frames": list(object)})}
}

func describeHello(b *builder) {
	g := b.group("hello", "How a gateway opens a session: the URL that it dials, the bearer of the upgrade, and what it sends before the descriptor.")
	add := func(id, rule, cause, base, gatewayID string, secret any, platform, bot string, now int64, comment string, r *rec) {
		var bearer any
		if secret != nil {
			bearer = token(gatewayID, strconv.FormatInt(now+300, 10), secret.(string))
		}
		k := c{id: "hello-" + id, rule: rule, op: "hello/open", cause: cause, now: now, comment: comment, from: r,
			in:  m{"base": base, "gateway_id": gatewayID, "secret": secret, "platform": platform, "bot_id": bot},
			out: m{"url": dialURL(base), "bearer": bearer, "frames": []m{{"type": "hello", "platform": platform, "botId": bot}}}}
		if r != nil {
			k.adapted = "the base is read off the URL that was dialed"
		}
		g.add(k)
	}
	for _, r := range b.recorded("hello.2026-06.json") {
		var in struct {
			Identities [][2]string
			Now        int64
			GatewayID  string `json:"gateway_id"`
			Secret     string
		}
		r.decode(&in)
		var said struct {
			URL     string
			Headers map[string]string
			Frames  []m
			Raw     string `json:"raw_first"`
		}
		r.expected(&said)
		id := in.Identities[0]
		add(slug(r.Name), "handshake/hello-fields", "hello-"+slug(r.Name), "https://c.example", in.GatewayID, in.Secret, id[0], id[1], in.Now, "The configured platform and bot id, both texts, the bot id possibly empty.", r)
		last := g.cases[len(g.cases)-1].out.(m)
		if said.URL != last["url"] || said.Headers["Authorization"] != "Bearer "+last["bearer"].(string) || !reflect.DeepEqual(normal(said.Frames), normal(last["frames"])) ||
			strings.Count(said.Raw, "\n") != 1 || !strings.HasSuffix(said.Raw, "\n") || !json.Valid([]byte(said.Raw)) {
			panic(fmt.Sprintf("hello: %s: recorded %s, formula %s", r.Name, compact(said), compact(last)))
		}
	}
	const now = 1782300000
	const secret = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	add("plain", "connect/dial-path", "plain-base", "http://127.0.0.1:8080/", "gw-1", secret, "discord", "d1", now, "A plain base is dialed without TLS.", nil)
	add("dial-url", "connect/dial-path", "dial-url", "wss://c.example/relay", "gw-1", secret, "discord", "d1", now, "The dial URL of a dial URL is itself.", nil)
	add("below-a-path", "connect/dial-path", "below-a-path", "https://c.example/base//", "gw-1", secret, "discord", "d1", now, "/relay goes behind the base's own path.", nil)
	add("no-secret", "auth/no-secret-no-header", "no-secret", "https://c.example", "gw-1", nil, "discord", "d1", now, "Without a secret there is no header.", nil)
	add("id-with-colons", "auth/bearer", "id-with-colons", "https://c.example", "gw:1:a", secret, "discord", "d1", now, "The gateway id is the payload as it is.", nil)
	add("not-ascii", "handshake/hello-fields", "hello-not-ascii", "https://c.example", "gw-\u00e9", secret, "discord", "b\u00f6t \U0001f600", now, "Whatever the ids hold.", nil)
	add("other-time", "auth/bearer", "other-time", "https://c.example", "gw-1", secret, "discord", "d1", now+86400, "The token is minted for this dial and lives 300 s.", nil)
}
