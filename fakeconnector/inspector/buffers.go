package inspector

import (
	"fmt"
	"net/http"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/fakeconnector/control/client"
)

// shownEntries is how many entries of a buffer are shown, the oldest ones.
const shownEntries = 50

// buffers shows what waits for each instance, and what was parked.
func (i *Inspector) buffers(r *http.Request, c *client.Client) (string, string, any, error) {
	type shown struct {
		api.Instance
		Buffer api.Buffer
	}
	instances, err := c.Instances(r.Context())
	if err != nil {
		return "", "", nil, err
	}
	var list []shown
	for _, in := range instances.Instances {
		b, err := c.Buffer(r.Context(), in.ID, shownEntries)
		if err != nil {
			return "", "", nil, err
		}
		list = append(list, shown{in, b})
	}
	return "buffers.html", "Buffers", list, nil
}

func (i *Inspector) discardBuffer(f form) (string, error) {
	gone, err := f.c.DiscardBuffer(f.ctx, f.Get("instance"))
	return fmt.Sprintf("threw away %d entries of instance %s", gone.Removed, f.Get("instance")), err
}
