package inspector

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/fakeconnector/control/client"
)

// overview shows who is there.
func (i *Inspector) overview(r *http.Request, c *client.Client) (string, string, any, error) {
	snapshot, err := c.Snapshot(r.Context())
	return "overview.html", "Overview", snapshot, err
}

func (i *Inspector) closeSession(f form) (string, error) {
	how := api.Close{How: f.Get("how"), Reason: f.Get("reason")}
	if code := f.Get("code"); code != "" && (how.How == "" || how.How == "close-frame") {
		n, err := strconv.Atoi(code)
		if err != nil {
			return "", fmt.Errorf("code: expected a close code such as 1012, got %q", code)
		}
		how.Code = n
	}
	return "closed session " + f.Get("session"), f.c.CloseSession(f.ctx, f.Get("session"), how)
}

func (i *Inspector) revokeGateway(f form) (string, error) {
	return "revoked gateway " + f.Get("gateway") + "; its session was closed with 4401", f.c.Revoke(f.ctx, f.Get("gateway"))
}

func (i *Inspector) flipInstance(f form) (string, error) {
	_, err := f.c.Flip(f.ctx, f.Get("instance"))
	return "instance " + f.Get("instance") + " is buffered-only until its next handshake", err
}

func (i *Inspector) wakeInstance(f form) (string, error) {
	woken, err := f.c.Wake(f.ctx, f.Get("instance"))
	if err == nil && !woken.Requested {
		return "no wake request: the instance has no wake URL, or one was made just now", nil
	}
	return "the wake URL of instance " + f.Get("instance") + " is requested", err
}
