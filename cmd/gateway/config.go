package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"go.yaml.in/yaml/v3"

	"github.com/relaykit/relaykit/reference"
)

// envConfig names the configuration file, defaultConfig is read if it is there.
const (
	envConfig     = "GATEWAY_CONFIG"
	defaultConfig = "config.yaml"
)

// load reads the environment and then the configuration file: the one that was named,
// which must be there, or the default one, which need not.
func load(path string, getenv func(string) string) (reference.Config, error) {
	if path == "" {
		path = getenv(envConfig)
	}
	named := path != ""
	if !named {
		path = defaultConfig
	}
	data, err := os.ReadFile(path)
	if err != nil && (named || !errors.Is(err, fs.ErrNotExist)) {
		return reference.Config{}, fmt.Errorf("configuration file: %w", err)
	}
	file, err := readYAML(data)
	if err != nil {
		return reference.Config{}, fmt.Errorf("configuration file %s: expected a YAML mapping: %w", path, err)
	}
	return reference.FromEnv(getenv, file)
}

// readYAML reads a mapping. A number is read as the text that it was written as: an id or
// a secret of digits would otherwise lose its leading zeros, or end as 1e+20.
func readYAML(data []byte) (file map[string]any, err error) {
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		return nil, err
	}
	if document.IsZero() {
		return nil, nil // an empty file
	}
	numbersAsText(&document)
	err = document.Decode(&file)
	return file, err
}

func numbersAsText(n *yaml.Node) {
	if tag := n.ShortTag(); n.Kind == yaml.ScalarNode && (tag == "!!int" || tag == "!!float") {
		n.Tag = "!!str"
	}
	for _, child := range n.Content {
		numbersAsText(child)
	}
}
