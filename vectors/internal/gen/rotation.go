package gen

import (
	"fmt"
	"strings"
)

// describeRotation covers the life of a secret: alone, rotated, rotated again, revoked.
func describeRotation(b *builder) {
	g := b.group("rotation", "Rotation lists over time: which credentials are good while a secret is introduced, rotated, retired and revoked, for upgrade tokens and for deliveries.")
	lists := []struct {
		id, comment string
		secrets     []string
		good        map[string]bool
	}{
		{"first", "The first secret alone.", []string{"one"}, map[string]bool{"one": true}},
		{"rotated", "After a rotation the new secret comes first and the old one goes on verifying.", []string{"two", "one"}, map[string]bool{"one": true, "two": true}},
		{"rotated-twice", "After a second rotation the first secret has left the list.", []string{"three", "two"}, map[string]bool{"two": true, "three": true}},
		{"window-over", "After the window only the newest secret is left.", []string{"three"}, map[string]bool{"three": true}},
		{"blank-slot", "An empty slot of the list stands for no secret.", []string{"three", ""}, map[string]bool{"three": true}},
		{"revoked", "After a revocation the list is empty.", []string{}, map[string]bool{}},
		{"revoked-blank", "A list of empty slots is an empty list.", []string{"", ""}, map[string]bool{}},
		{"case-differs", "A secret that differs in case is another one.", []string{"ONE", "Two"}, map[string]bool{}},
		{"prefix", "A secret that begins like another is another one.", []string{"on", "three3"}, map[string]bool{}},
	}
	for _, l := range lists {
		for _, signer := range []string{"one", "two", "three", ""} {
			name := signer
			if name == "" {
				name = "nobody"
			}
			who := fmt.Sprintf(" Signed with the secret %q.", signer)
			if signer == "" {
				who = " Signed with the empty secret."
			}
			cause := "list-" + l.id + "-" + map[bool]string{true: "accepted", false: "refused"}[l.good[signer]]
			k := c{id: "rotation-token-" + l.id + "-by-" + name, rule: "auth/rotation", op: "token/verify", cause: cause, now: now,
				in: m{"token": token("gw-1", "1782300300", signer), "secrets": l.secrets}, signing: "gw-1:1782300300", comment: l.comment + who}
			d := c{id: "rotation-delivery-" + l.id + "-by-" + name, rule: "delivery/rotation", op: "delivery/verify", cause: cause, now: now,
				in:      m{"timestamp": "1782300000", "signature": signDelivery("1782300000", "{}", signer), "body": m{"text": "{}"}, "keys": l.secrets},
				signing: "1782300000.{}", comment: strings.ReplaceAll(l.comment+who, "secret", "key")}
			if l.good[signer] {
				k.out, d.out = "gw-1", true
			} else {
				k.err, d.err = "bad-signature", "bad-signature"
			}
			g.add(k, d)
		}
	}
	long := make([]string, 20)
	for i := range long {
		long[i] = fmt.Sprintf("secret-%02d", i)
	}
	for _, i := range []int{0, 10, 19} {
		g.add(c{id: fmt.Sprintf("rotation-token-long-list-%d", i), rule: "auth/rotation", op: "token/verify", cause: "long-list", now: now,
			in: m{"token": token("gw-1", "0", long[i]), "secrets": long}, signing: "gw-1:0", out: "gw-1", comment: "Every secret of a long list is tried."})
	}
}
