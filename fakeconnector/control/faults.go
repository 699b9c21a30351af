package control

import (
	"context"
	"encoding/json"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/relaykit/relaykit/fakeconnector"
	"github.com/relaykit/relaykit/fakeconnector/control/api"
)

func (s *Server) listFaults(context.Context, *struct{}) (*out[api.FaultKinds], error) {
	list := api.FaultKinds{Faults: []api.FaultKind{}}
	for _, name := range fakeconnector.FaultNames() {
		fields, err := json.Marshal(faultFields(name))
		if err != nil {
			return nil, err
		}
		list.Faults = append(list.Faults, api.FaultKind{Name: name, Fields: fields, Points: fakeconnector.FaultPoints(name)})
	}
	return give(list)
}

// faultFields is the schema of the fields of a fault.
func faultFields(name string) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeObject, AdditionalProperties: false, Properties: map[string]*huma.Schema{}}
	switch name {
	case "reply": // its frames are interfaces
		s.Properties["frames"] = &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}}
		return s
	case "delay":
		s.Properties["by"] = durationSchema("").Schema(nil)
		return s
	}
	f, err := fakeconnector.NewFault(name, nil)
	if err != nil {
		return s
	}
	t := reflect.TypeOf(f)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return wireSchema(t)
}
