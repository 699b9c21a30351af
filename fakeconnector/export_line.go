package fakeconnector

import (
	"encoding/json"
	"fmt"
)

// Line is one entry as a JSON object, as [Journal.WriteJSONL] has it, with the text of a
// frame beside it, and with every known secret and every bearer token replaced.
func (j *Journal) Line(e Entry) ([]byte, error) {
	type frame struct {
		*exportedFrame
		Text string `json:"text,omitempty"`
	}
	x := struct {
		exported
		Frame *frame `json:"frame,omitempty"`
	}{exported: j.export(e)}
	if x.exported.Frame != nil {
		// What is not UTF-8 shows as replacement characters; the message has the bytes.
		x.Frame = &frame{x.exported.Frame, string(e.Frame.Raw)}
	}
	line, err := json.Marshal(x)
	if err != nil {
		return nil, fmt.Errorf("exporting entry #%d of the journal: %w", e.Seq, err)
	}
	return []byte(j.redact(string(line))), nil
}
