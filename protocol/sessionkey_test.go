package protocol

import "testing"

// The table of the contract's section "Session key".
func TestSessionKeyOfTheContractsExamples(t *testing.T) {
	some := Some[string]
	for _, tc := range []struct {
		want string
		s    Source
		o    SessionKeyOptions
	}{
		{"agent:main:discord:channel:C1:U1", Source{Platform: "discord", ChatType: "channel", ChatID: "C1", UserID: some("U1")}, SessionKeyOptions{}},
		{"agent:main:discord:channel:C1:T1", Source{Platform: "discord", ChatType: "channel", ChatID: "C1", UserID: some("U1"), ThreadID: some("T1")}, SessionKeyOptions{}},
		{"agent:main:discord:channel:C1:T1:U1", Source{Platform: "discord", ChatType: "channel", ChatID: "C1", UserID: some("U1"), ThreadID: some("T1")}, SessionKeyOptions{PerUserThreads: true}},
		{"agent:main:discord:channel:C1", Source{Platform: "discord", ChatType: "channel", ChatID: "C1", UserID: some("U1")}, SessionKeyOptions{SharedGroups: true}},
		{"agent:main:telegram:dm:C1:T1", Source{Platform: "telegram", ChatType: "dm", ChatID: "C1", UserID: some("U1"), ThreadID: some("T1")}, SessionKeyOptions{}},
		{"agent:main:telegram:dm:UA", Source{Platform: "telegram", ChatType: "dm", UserID: some("U1"), UserIDAlt: some("UA")}, SessionKeyOptions{}},
		{"agent:main:signal:dm", Source{Platform: "signal", ChatType: "dm", UserID: Null[string]()}, SessionKeyOptions{}},
		{"agent:main:whatsapp:dm:15551234567", Source{Platform: "whatsapp", ChatType: "dm", ChatID: "15551234567:12@s.whatsapp.net"}, SessionKeyOptions{}},
		{"agent:main:whatsapp:group:120363@g.us:15551234567", Source{Platform: "whatsapp", ChatType: "group", ChatID: "120363@g.us", UserID: some("+15551234567")}, SessionKeyOptions{}},
		{"agent:main:relay:group:C1:U1", Source{Platform: "carrierpigeon", ChatType: "group", ChatID: "C1", UserID: some("U1")}, SessionKeyOptions{}},
		{"agent:main:carrierpigeon:group:C1:U1", Source{Platform: "carrierpigeon", ChatType: "group", ChatID: "C1", UserID: some("U1")}, SessionKeyOptions{MorePlatforms: []string{"carrierpigeon"}}},
		{"agent:coder:discord:channel:C1:U1", Source{Platform: "discord", ChatType: "channel", ChatID: "C1", UserID: some("U1")}, SessionKeyOptions{Profile: "coder"}},
		{"agent:main:slack:channel:G1:C1:U1", Source{Platform: "slack", ChatType: "channel", ChatID: "C1", UserID: some("U1"), ScopeID: some("G1")}, SessionKeyOptions{Revision: "2026-07"}},
		{"agent:main:slack:channel:C1:U1", Source{Platform: "slack", ChatType: "channel", ChatID: "C1", UserID: some("U1"), ScopeID: some("G1")}, SessionKeyOptions{}},
		{"agent:main:discord:thread:C1:M1", Source{Platform: "discord", ChatType: "channel", ChatID: "C1", UserID: some("U1"), ProspectiveThreadID: some("M1")}, SessionKeyOptions{Revision: "2026-08"}},
	} {
		if got := SessionKey(tc.s, tc.o); got != tc.want {
			t.Errorf("want %s, got %s", tc.want, got)
		}
	}
}

func TestTextLength(t *testing.T) {
	for _, tc := range []struct {
		text, unit string
		want       int
	}{
		{"", LenUnitChars, 0}, {"a\U0001f600", LenUnitChars, 2}, {"a\U0001f600", LenUnitUTF16, 3}, {"a\U0001f600", "bytes", 2}, {"e\u0301", LenUnitUTF16, 2}, {"a\xffb", LenUnitUTF16, 3},
	} {
		if got := TextLength(tc.text, tc.unit); got != tc.want {
			t.Errorf("%q in %q: want %d, got %d", tc.text, tc.unit, tc.want, got)
		}
	}
}
