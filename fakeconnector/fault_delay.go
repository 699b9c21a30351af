package fakeconnector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Delay does later what was about to be done: a slow dial, a slow answer. What comes
// meanwhile goes ahead.
type Delay struct {
	By time.Duration `json:"by"`
}

// UnmarshalJSON reads {"by":…}, a text such as "1.5s" or a number of nanoseconds.
func (f *Delay) UnmarshalJSON(data []byte) error {
	var m struct {
		By json.RawMessage `json:"by"`
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return err
	}
	f.By = 0
	if len(m.By) == 0 {
		return nil
	}
	var text string
	err := json.Unmarshal(m.By, &text)
	if err == nil {
		f.By, err = time.ParseDuration(text)
	} else {
		err = json.Unmarshal(m.By, &f.By)
	}
	if err != nil || f.By < 0 {
		return fmt.Errorf(`expected by to be a duration such as "1.5s", got %s`, m.By)
	}
	return nil
}

// Name implements [Fault].
func (Delay) Name() string { return "delay" }

// Apply implements [Fault].
func (f Delay) Apply(x *Exchange) {
	resume, c := x.park(), x.c
	c.clock.AfterFunc(f.By, func() { c.spawn(resume) })
}
