package reference

import "encoding/json"

// jsonObject is a JSON object whose members are read one by one: names match exactly,
// and a member of another type than expected reads as if it were not there. The
// standard library's structs would fold case and give up at the first odd type.
type jsonObject map[string]json.RawMessage

// object reads a JSON object; anything else is nil.
func object(data []byte) jsonObject {
	var o jsonObject
	if json.Unmarshal(data, &o) != nil {
		return nil
	}
	return o
}

// object is a member that is an object, or nil.
func (o jsonObject) object(name string) jsonObject { return object(o[name]) }

// text is a member that is a string, or "".
func (o jsonObject) text(name string) string {
	var s string
	if json.Unmarshal(o[name], &s) != nil {
		return ""
	}
	return s
}

// id is a member that is an identifier, which may have come as a number.
func (o jsonObject) id(name string) string {
	var n json.Number
	if o.text(name) == "" && json.Unmarshal(o[name], &n) == nil {
		return n.String()
	}
	return o.text(name)
}
