package answer

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
)

// Serve is a port: it answers the JSON Lines of r on w until r ends.
func Serve(r io.Reader, w io.Writer) error {
	in := json.NewDecoder(r)
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	for {
		var q struct {
			ID    string          `json:"id"`
			Op    string          `json:"op"`
			Now   int64           `json:"now"`
			Input json.RawMessage `json:"input"`
		}
		if err := in.Decode(&q); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		reply := m{"id": q.ID}
		value, err := Answer(q.Op, q.Now, q.Input)
		var refusal Refusal
		switch {
		case errors.Is(err, ErrUnsupported):
			reply["unsupported"] = true
		case errors.As(err, &refusal):
			reply["error"] = string(refusal)
		case err != nil:
			return err
		default:
			reply["value"] = value
		}
		if err := enc.Encode(reply); err != nil {
			return err
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
}
