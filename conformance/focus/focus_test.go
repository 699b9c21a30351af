package focus

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var ids = []string{
	"framing/newline", "framing/binary", "framing/binary:cut", "handshake/hello-first", "handshake/hello-once",
	"inbound/ack-buffered", "idle/serve-until-ack",
}

func TestSelect(t *testing.T) {
	for _, test := range []struct{ patterns, want []string }{
		{nil, ids},
		{[]string{"framing/newline"}, ids[:1]},
		{[]string{"framing/binary"}, ids[1:3]},
		{[]string{"framing/binary:cut"}, ids[2:3]},
		{[]string{"framing"}, ids[:3]},
		{[]string{"framing/*"}, ids[:3]},
		{[]string{"*ack*"}, ids[5:]},
		{[]string{"*/ack-*"}, ids[5:6]},
		{[]string{"handshake/hello-[f]*"}, ids[3:4]},
		{[]string{"idle", "framing/newline", "idle/*"}, []string{"framing/newline", "idle/serve-until-ack"}}, // in the order of the cases, once each
		{[]string{"*"}, ids},
	} {
		got, err := Select(ids, test.patterns)
		if err != nil {
			t.Errorf("%q: %v", test.patterns, err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%q: %s", test.patterns, diff)
		}
	}
}

func TestWhatMatchesNothing(t *testing.T) {
	for pattern, want := range map[string]string{
		"framing/newlin":        `"framing/newlin" matches no case; the nearest: framing/newline`,
		"hello-first":           `"hello-first" matches no case; the nearest: handshake/hello-first`,
		"connect/hello-once":    `"connect/hello-once" matches no case; the nearest: handshake/hello-once`,
		"Idle":                  `"Idle" matches no case; the nearest: idle/serve-until-ack`,
		"framing/binary:cuts":   `"framing/binary:cuts" matches no case; the nearest: framing/binary:cut, framing/binary`,
		"nothing-like-any/case": `"nothing-like-any/case" matches no case`,
		"*/hello":               `"*/hello" matches no case; the nearest: handshake/hello-first, handshake/hello-once`,
		"":                      `"" matches no case`,
		"framing/[":             `"framing/[" is no pattern: a [ has no ], or a range is upside down`,
	} {
		got, err := Select(ids, []string{"framing", pattern})
		var e *Error
		if !errors.As(err, &e) || e.Pattern != pattern || got != nil {
			t.Fatalf("%q: %v, %v", pattern, got, err)
		}
		if err.Error() != want {
			t.Errorf("got  %s\nwant %s", err, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0}, {"abc", "axc", 1}, {"kitten", "sitting", 3}, {"ab", "ba", 2}} {
		if got := distance(test.a, test.b); got != test.want {
			t.Errorf("%q to %q: got %d, want %d", test.a, test.b, got, test.want)
		}
	}
}
