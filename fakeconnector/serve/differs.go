package serve

import (
	"reflect"
	"strings"
)

// differs names the fields that are not as in other, those that a reload takes over left
// out.
func (c Config) differs(other Config) (names []string) {
	was, is := reflect.ValueOf(c), reflect.ValueOf(other)
	for i := range was.NumField() {
		name, _, _ := strings.Cut(was.Type().Field(i).Tag.Get("yaml"), ",")
		switch name {
		case "tenants", "gateways", "bindings", "policies", "stubs":
			continue
		}
		if !reflect.DeepEqual(was.Field(i).Interface(), is.Field(i).Interface()) {
			names = append(names, name)
		}
	}
	return names
}
