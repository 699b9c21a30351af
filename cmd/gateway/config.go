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
	var file map[string]any
	if err := yaml.Unmarshal(data, &file); err != nil {
		return reference.Config{}, fmt.Errorf("configuration file %s: expected a YAML mapping: %w", path, err)
	}
	return reference.FromEnv(getenv, file)
}
