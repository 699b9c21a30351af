package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"strconv"
	"strings"

	"github.com/relaykit/relaykit/fakeconnector/control/api"
)

// Query asks for a part of the journal. Zero fields ask for nothing.
type Query struct {
	api.Filter
	After int64
	Limit int  // 0 for the default of the server
	Last  bool // the newest that match, not the oldest
}

func (q Query) values() url.Values {
	v := url.Values{}
	set(v, "kind", strings.Join(q.Kinds, ","))
	set(v, "gateway", q.Gateway)
	set(v, "instance", q.Instance)
	set(v, "session", q.Session)
	set(v, "dir", q.Dir)
	set(v, "rule", q.Rule)
	set(v, "type", q.Type)
	set(v, "op", q.Op)
	set(v, "chat_id", q.ChatID)
	set(v, "session_key", q.SessionKey)
	set(v, "request_id", q.RequestID)
	set(v, "buffer_id", q.BufferID)
	set(v, "text", q.Text)
	setInt(v, "after", q.After)
	setInt(v, "limit", int64(q.Limit))
	if q.Last {
		v.Set("last", "true")
	}
	return v
}

func set(v url.Values, name, value string) {
	if value != "" {
		v.Set(name, value)
	}
}

func setInt(v url.Values, name string, value int64) {
	if value != 0 {
		v.Set(name, strconv.FormatInt(value, 10))
	}
}

// ErrStreamEnded says that the server ended a stream: the namespace was reset or removed,
// or the connector shuts down.
var ErrStreamEnded = errors.New("the server ended the stream")

// Follow yields entries as they come, until ctx is done or the stream breaks; then it
// yields the reason once. Entries that the journal let go of before they could be read are
// such a reason; those from before a Follow without After are none. Limit and Last are not
// looked at.
func (c *Client) Follow(ctx context.Context, q Query) iter.Seq2[api.Entry, error] {
	return func(yield func(api.Entry, error) bool) {
		values := q.values()
		values.Del("limit")
		values.Del("last")
		resp, err := c.send(ctx, call{method: "GET", path: "/journal/stream", query: values})
		if err != nil {
			yield(api.Entry{}, err)
			return
		}
		defer resp.Body.Close()
		in := bufio.NewReader(resp.Body)
		for {
			event, data, err := readEvent(in)
			var entry api.Entry
			switch {
			case err != nil && ctx.Err() != nil:
				err = ctx.Err()
			case err != nil:
				err = fmt.Errorf("following the journal: %w", err)
			case event == "end":
				err = ErrStreamEnded
			case event == "gap":
				err = gap(data)
			case event == "entry":
				err = json.Unmarshal(data, &entry)
			default:
				continue
			}
			if !yield(entry, err) || err != nil {
				return
			}
		}
	}
}

// gap is the error of entries that are missing on a stream.
func gap(data []byte) error {
	var of struct{ Lost int64 }
	if err := json.Unmarshal(data, &of); err != nil {
		return fmt.Errorf("following the journal: expected how many entries went before they could be read, got %q", data)
	}
	return fmt.Errorf("following the journal: %d entries went before they could be read, as the journal is bounded; follow it again without After, from the oldest that it holds", of.Lost)
}

// readEvent reads one server-sent event; a comment is one without a name.
func readEvent(in *bufio.Reader) (event string, data []byte, err error) {
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return "", nil, err
		}
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			return event, data, nil
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "event":
			event = value
		case "data":
			data = append(data, value...)
		}
	}
}

// Export writes everything that the journal holds, one JSON object a line.
func (c *Client) Export(ctx context.Context, w io.Writer) error {
	resp, err := c.send(ctx, call{method: "GET", path: "/journal/export"})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(w, resp.Body)
	return err
}
