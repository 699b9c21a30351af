package kit

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
)

func TestHolds(t *testing.T) {
	const secret = "0f3a9c5be17d2468ace013579bdf8642"
	for _, c := range []struct{ name, data, want string }{
		{"nothing", `{"type":"hello"}`, ""},
		{"a part of it", secret[:20], ""},
		{"as it is", `{"x":"` + secret + `"}`, "as it is"},
		{"in hex", "X: " + strings.ToUpper(hex.EncodeToString([]byte(secret))), "in hex"},
		{"base64", "Basic " + base64.StdEncoding.EncodeToString([]byte("gw:"+secret)), "in base64"},
		{"base64 of another length", "Basic " + base64.StdEncoding.EncodeToString([]byte("gw1:"+secret)), "in base64"},
		{"base64 of a third length", "Basic " + base64.StdEncoding.EncodeToString([]byte("gw12:"+secret)), "in base64"},
		{"base64 of URLs", "Bearer " + base64.RawURLEncoding.EncodeToString([]byte("\xff\xfe\xfd"+secret+":0")), "in base64"},
		{"a signature", "Bearer " + base64.RawURLEncoding.EncodeToString([]byte("gw:0:"+strings.Repeat("ab", 32))), ""},
	} {
		if got := holds([]byte(c.data), secret); got != c.want {
			t.Errorf("%s: expected %q, got %q", c.name, c.want, got)
		}
	}
}
