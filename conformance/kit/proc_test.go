package kit

import (
	"net"
	"os"
	"slices"
	"strconv"
	"testing"
)

func listen(t *testing.T, address string) (l net.Listener, port int) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Skipf("listening on %s: %v", address, err)
	}
	t.Cleanup(func() { l.Close() })
	return l, l.Addr().(*net.TCPAddr).Port
}

func addresses(t *testing.T, pid int) []string {
	t.Helper()
	list, err := listenersOf(pid)
	if err != nil {
		t.Skip(err)
	}
	var out []string
	for _, l := range list {
		out = append(out, l.Address)
	}
	return out
}

func TestListenersOfThisProcess(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1"} {
		t.Run(host, func(t *testing.T) {
			l, port := listen(t, net.JoinHostPort(host, "0"))
			want := net.JoinHostPort(host, strconv.Itoa(port))
			if got := addresses(t, os.Getpid()); !slices.Contains(got, want) {
				t.Errorf("expected %s among the listeners, got %v", want, got)
			}
			l.Close()
			if got := addresses(t, os.Getpid()); slices.Contains(got, want) {
				t.Errorf("expected %s to be gone, got %v", want, got)
			}
		})
	}
}

func TestADialedSocketIsNoListener(t *testing.T) {
	l, _ := listen(t, "127.0.0.1:0")
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := addresses(t, os.Getpid()); slices.Contains(got, c.LocalAddr().String()) {
		t.Errorf("expected no dialed socket among the listeners, got %v", got)
	}
}

func TestAProcessThatHasEndedHasNoListeners(t *testing.T) {
	const beyond = 1 << 30 // more than any system gives out
	if got := addresses(t, beyond); len(got) > 0 {
		t.Errorf("expected none, got %v", got)
	}
}

func TestOwnListenersDoNotCount(t *testing.T) {
	_, port := listen(t, "127.0.0.1:0")
	w := watched{pids: []int{os.Getpid()}, within: true}
	has := func() bool {
		list, err := w.sockets()
		if err != nil {
			t.Skip(err)
		}
		return slices.ContainsFunc(list, func(l Listener) bool { return l.Port == port })
	}
	if !has() {
		t.Error("expected a listener of somebody else's to count")
	}
	closed := listening(port)
	if has() {
		t.Error("expected a listener of the suite's own not to count")
	}
	closed()
	closed()
	if !has() {
		t.Error("expected it to count once it is no longer the suite's")
	}
}

func TestKernelAddress(t *testing.T) {
	for text, want := range map[string]string{
		"0100007F":                         "127.0.0.1",
		"00000000000000000000000001000000": "::1",
		"0000000000000000FFFF00000100007F": "127.0.0.1",
		"00000000000000000000000000000000": "::",
		"zorp":                             "zorp",
	} {
		if got := kernelAddress(text); got != want {
			t.Errorf("%s: expected %s, got %s", text, want, got)
		}
	}
}
