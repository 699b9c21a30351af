package control

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// ReadSeed reads a seed from JSON by the schemas of the API, and checks it. The error
// names the places, such as stubs[0].faults[1].
func ReadSeed(text []byte) (Seed, error) {
	r := schemas()
	schema := r.Schema(reflect.TypeFor[Seed](), true, "Seed")
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return Seed{}, err
	}
	found := &huma.ValidateResult{}
	huma.Validate(r, schema, huma.NewPathBuffer([]byte{}, 0), huma.ModeWriteToServer, value, found)
	var wrong []string
	for _, err := range append(found.Errors, strictly(r, schema, value, "")...) {
		if d, ok := err.(*huma.ErrorDetail); ok { // without the value: it may be a secret
			wrong = append(wrong, strings.TrimPrefix(d.Location, ".")+": "+d.Message)
		} else {
			wrong = append(wrong, err.Error())
		}
	}
	slices.Sort(wrong)
	if wrong = slices.Compact(wrong); len(wrong) > 0 {
		return Seed{}, fmt.Errorf("%s", strings.Join(wrong, "; "))
	}
	var s Seed
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return Seed{}, err
	}
	for i := range s.Stubs {
		if s.Stubs[i].Every == 0 {
			s.Stubs[i].Every = 1
		}
	}
	return s, s.Check()
}
