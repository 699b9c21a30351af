package control

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// strict refuses what huma lets through: a body where a route takes none, null for a field
// that cannot be null, and a name in another case, which Go's decoder would take.
func (s *Server) strict(ctx huma.Context, next func(huma.Context)) {
	r, _ := humago.Unwrap(ctx)
	takes := ctx.Operation().RequestBody
	if takes == nil {
		if r.ContentLength > 0 {
			_ = huma.WriteErr(s.api, ctx, http.StatusBadRequest, "body: expected none",
				&huma.ErrorDetail{Location: "body", Message: "expected no body", Value: fmt.Sprintf("%d bytes", r.ContentLength)})
			return
		}
		next(ctx)
		return
	}
	body, _ := io.ReadAll(r.Body) // the guard has put it there
	r.Body = io.NopCloser(bytes.NewReader(body))
	var value any
	if kind, has := takes.Content["application/json"]; has && json.Unmarshal(body, &value) == nil {
		if wrong := strictly(s.api.OpenAPI().Components.Schemas, kind.Schema, value, "body"); len(wrong) > 0 {
			_ = huma.WriteErr(s.api, ctx, http.StatusUnprocessableEntity, "validation failed", wrong...)
			return
		}
	}
	next(ctx)
}

// strictly finds nulls and names in another case where the schema allows neither.
func strictly(r huma.Registry, schema *huma.Schema, value any, at string) (wrong []error) {
	for schema != nil && schema.Ref != "" {
		schema = r.SchemaFromRef(schema.Ref)
	}
	if schema == nil {
		return nil
	}
	switch v := value.(type) {
	case nil:
		if schema.Type != "" && !schema.Nullable {
			wrong = append(wrong, &huma.ErrorDetail{Location: at, Message: "expected " + schema.Type + ", got null"})
		}
	case []any:
		for i, one := range v {
			wrong = append(wrong, strictly(r, schema.Items, one, fmt.Sprintf("%s[%d]", at, i))...)
		}
	case map[string]any:
		for name, one := range v {
			property, known := schema.Properties[name]
			if !known && schema.AdditionalProperties == false {
				wrong = append(wrong, &huma.ErrorDetail{Location: at + "." + name, Message: "unexpected property"})
				continue
			}
			wrong = append(wrong, strictly(r, property, one, at+"."+name)...)
		}
	}
	slices.SortFunc(wrong, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return wrong
}
