package kit

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAKeptFile(t *testing.T) {
	for name, tt := range map[string]struct {
		path, text string
		want       map[string]string
		found      bool
	}{
		"plain":     {"/tmp/x/work/etc/relay.env", "A=1\nB=x=y\n", map[string]string{"A": "1", "B": "x=y"}, true},
		"quoted":    {"/etc/relay.env", "# A=0\n\nexport A='1'\nB=\"a b\"\r\nno variable\nC=\n", map[string]string{"A": "1", "B": "a b", "C": ""}, true},
		"elsewhere": {"/work/my-etc/relay.env", "A=1", map[string]string{}, false},
	} {
		var k keptFile
		k.lookFor(t.Context(), time.Minute, "./etc/relay.env")(func(_ context.Context, look func(string, []byte)) error {
			look("/work/other", []byte("Z=1"))
			look(tt.path, []byte(tt.text))
			return nil
		})
		got, found, err := k.variables()
		if diff := cmp.Diff(tt.want, got); diff != "" || found != tt.found || err != nil {
			t.Errorf("%s: found %v, %v: %s", name, found, err, diff)
		}
	}
	// That nobody could look is no gateway's fault.
	gone := errors.New("no daemon")
	var k keptFile
	k.lookFor(t.Context(), time.Minute, "relay.env")(func(context.Context, func(string, []byte)) error { return gone })
	if _, found, err := k.variables(); found || !errors.Is(err, gone) {
		t.Errorf("a launcher's failure: found %v, %v", found, err)
	}
}
