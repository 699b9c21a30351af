package inspector

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
	"github.com/relaykit/relaykit/fakeconnector/control/client"
)

// form is a form that was sent.
type form struct {
	url.Values
	c   *client.Client
	ctx context.Context
}

// action is a route that does what a form asks, and goes back to the page that the form
// names in "back" with a word of what was done, or why it was not.
func (i *Inspector) action(pattern string, do func(f form) (done string, err error)) {
	i.closed(pattern, func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			i.render(w, http.StatusBadRequest, view{Page: "error.html", Title: "Error", Failed: "expected a form: " + err.Error()})
			return
		}
		space := r.PostForm.Get("namespace")
		done, err := do(form{r.PostForm, i.client.In(space), r.Context()})
		back, err2 := url.Parse(ours(r.PostForm.Get("back")))
		if err2 != nil {
			back = &url.URL{Path: Base + "/"}
		}
		query := back.Query()
		query.Set("namespace", space)
		query.Del("done")
		query.Del("failed")
		if err != nil {
			query.Set("failed", err.Error())
		} else {
			query.Set("done", done)
		}
		back.RawQuery = query.Encode()
		http.Redirect(w, r, back.String(), http.StatusSeeOther)
	})
}

// statusOf is the HTTP status that an error of the API came with.
func statusOf(err error) int {
	var p *api.Problem
	if errors.As(err, &p) && p.Status >= 400 {
		return p.Status
	}
	return http.StatusInternalServerError
}
