package target

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The file's shape. Scalars that later checks speak about know their line.
type (
	file struct {
		Name     scalar         `yaml:"name"`
		Version  scalar         `yaml:"version"`
		Revision scalar         `yaml:"revision"`
		Launch   *launchPart    `yaml:"launch"`
		Replies  scalar         `yaml:"replies"`
		Features *[]scalar      `yaml:"features"`
		Timing   *variablesPart `yaml:"timing"`
		Identity *identityPart  `yaml:"identity"`
		Config   *configPart    `yaml:"config"`
		Enroll   *enrollPart    `yaml:"enroll"`
		Known    []entryPart    `yaml:"known"`
		Flaky    []entryPart    `yaml:"flaky"`
	}
	launchPart struct {
		Command    []scalar          `yaml:"command"`
		Dir        scalar            `yaml:"dir"`
		Image      scalar            `yaml:"image"`
		Dockerfile scalar            `yaml:"dockerfile"`
		Attach     bool              `yaml:"attach"`
		Env        map[string]scalar `yaml:"env"`
	}
	variablesPart struct {
		Env map[string]scalar `yaml:"env"`
	}
	identityPart struct {
		Env scalar `yaml:"env"`
	}
	configPart struct {
		Path     scalar `yaml:"path"`
		Template scalar `yaml:"template"`
	}
	enrollPart struct {
		Args    *[]scalar `yaml:"args"`
		EnvFile scalar    `yaml:"env_file"`
		AtStart bool      `yaml:"at_start"`
	}
	entryPart struct {
		ID     scalar `yaml:"id"`
		Reason scalar `yaml:"reason"`
		Until  scalar `yaml:"until"`
	}
)

// shapes are the parts of a file by the names that the decoder knows them by.
var shapes = map[string]reflect.Type{
	"file": reflect.TypeFor[file](), "launchPart": reflect.TypeFor[launchPart](), "variablesPart": reflect.TypeFor[variablesPart](),
	"identityPart": reflect.TypeFor[identityPart](), "configPart": reflect.TypeFor[configPart](), "enrollPart": reflect.TypeFor[enrollPart](), "entryPart": reflect.TypeFor[entryPart](),
}

// scalar is a string, number or date as it is written (1.10 stays 1.10), with its line.
type scalar struct {
	text string
	line int // 0: it is not in the file
}

// UnmarshalYAML takes any scalar.
func (s *scalar) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.ScalarNode {
		return fmt.Errorf("line %d: expected a single value, got a %s", n.Line, kindWord(n.Kind))
	}
	s.line = n.Line
	if n.Tag != "!!null" {
		s.text = n.Value
	}
	return nil
}

func kindWord(k yaml.Kind) string {
	if k == yaml.MappingNode {
		return "mapping"
	}
	return "list"
}

func decode(name string, data []byte) (*file, error) {
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	var f file
	switch err := d.Decode(&f); {
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%s: the file is empty; expected at least a launch", name)
	case err != nil:
		return nil, decodeError(name, err)
	}
	var more yaml.Node
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s:%d: expected one document, got a second one", name, max(more.Line, 1))
	}
	return &f, nil
}

var (
	lineOf       = regexp.MustCompile(`^(?:yaml: )?line (\d+): `)
	unknownField = regexp.MustCompile(`^field (.+) not found in type target\.(\w+)$`)
	wrongKind    = regexp.MustCompile("^cannot unmarshal !!(\\w+)(?: `(.*)`)? into (.+)$")
)

// decodeError says what the decoder found in the words of a target file.
func decodeError(name string, err error) error {
	var several *yaml.TypeError
	if !errors.As(err, &several) {
		return located(name, err.Error())
	}
	var all []error
	for _, text := range several.Errors {
		all = append(all, located(name, text))
	}
	return errors.Join(all...)
}

func located(name, text string) error {
	where := name
	if m := lineOf.FindStringSubmatch(text); m != nil {
		where, text = name+":"+m[1], text[len(m[0]):]
	}
	text = strings.TrimPrefix(text, "yaml: ")
	if m := unknownField.FindStringSubmatch(text); m != nil {
		text = fmt.Sprintf("unknown key %q; there are here: %s", m[1], strings.Join(keys(shapes[m[2]]), ", "))
	} else if m := wrongKind.FindStringSubmatch(text); m != nil {
		text = fmt.Sprintf("expected %s, got %s", expected(m[3]), got(m[1], m[2]))
	}
	return fmt.Errorf("%s: %s", where, text)
}

func keys(shape reflect.Type) []string {
	var names []string
	if shape != nil {
		for field := range shape.Fields() {
			names = append(names, field.Tag.Get("yaml"))
		}
	}
	return names
}

// expected is a Go type of this package in the words of YAML.
func expected(goType string) string {
	switch {
	case strings.HasPrefix(goType, "[]"):
		return "a list, such as [one, two]"
	case goType == "bool":
		return "true or false"
	default:
		return "a mapping, such as {key: value}"
	}
}

func got(tag, value string) string {
	kind := map[string]string{"map": "a mapping", "seq": "a list", "str": "text", "int": "a number", "float": "a number", "bool": "a truth value"}[tag]
	if kind == "" {
		kind = tag
	}
	if value != "" {
		return fmt.Sprintf("%s, %q", kind, value)
	}
	return kind
}
