package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	texttemplate "text/template"

	"github.com/mattn/go-shellwords"
	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/relaykit/relaykit/conformance"
	"github.com/relaykit/relaykit/conformance/cases"
	"github.com/relaykit/relaykit/conformance/target"
)

// defaultTarget is the file that --init writes.
const defaultTarget = "target.yaml"

// writeTarget finds out about the gateway, and writes that down as a target file. A file
// that is there is left alone.
func (v *verification) writeTarget(cmd *cobra.Command, o conformance.Options, args []string) error {
	path := defaultTarget
	if len(args) > 0 {
		path = args[0]
	}
	if v.target != "" {
		return usagef("--init and --target: expected one of them; --init writes a target file")
	}
	// Before the gateway is started, which takes its time.
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return usagef("--init: %s is there already; give another name, or move it away", path)
	}
	p, err := conformance.Explore(cmd.Context(), o)
	if err != nil {
		return err
	}
	if tellProbe(cmd.OutOrStdout(), p); p.Missing != nil {
		fmt.Fprintf(cmd.OutOrStdout(), "%s was not written.\n", path)
		return exitWith(exitNo)
	}
	text, err := v.render(o, p)
	if err != nil {
		return err
	}
	if _, err := target.Parse(path, text); err != nil {
		return fmt.Errorf("--init: what would be written is no target file: %w", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return usagef("--init: %w", err)
	}
	_, err = file.Write(text)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("--init: %w", err)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s is written; read it, then: fakeconnector verify --target %s\n", path, shellWord(path))
	return nil
}

// render writes the target file. What cannot be found out stands there as a comment.
func (v *verification) render(o conformance.Options, p conformance.Probe) ([]byte, error) {
	way, err := v.way()
	if err != nil {
		return nil, err
	}
	name, version := o.Facts.Name, ""
	if p.DriverName != "" {
		name, version = p.DriverName, p.DriverVersion
	}
	var b bytes.Buffer
	err = targetTemplate.Execute(&b, map[string]any{
		"Name": yamlWord(name), "Version": yamlWord(version), "HasVersion": version != "", "Revision": o.Facts.Revision,
		"Way": way, "Replies": p.Replies,
		"HasDriver": p.HasDriver, "Methods": commentLines(p.Methods), "Features": strings.Join(features(), ", "),
	})
	return b.Bytes(), err
}

// way is the line of the file that says how the gateway is started.
func (v *verification) way() (string, error) {
	switch {
	case v.image != "":
		return "image: " + yamlWord(v.image), nil
	case v.dockerfile != "":
		return "dockerfile: " + yamlWord(v.dockerfile), nil
	case v.attach:
		return "attach: true", nil
	}
	argv, err := shellwords.Parse(v.command)
	if err != nil {
		return "", fmt.Errorf("--command: %w", err)
	}
	for i, word := range argv {
		argv[i] = yamlWord(word)
	}
	return "command: [" + strings.Join(argv, ", ") + "]", nil
}

// yamlWord is a text as one line of YAML that reads as that text, and not as a number.
func yamlWord(s string) string {
	node := yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	if strings.ContainsAny(s, ",[]{}#\n") {
		node.Style = yaml.DoubleQuotedStyle
	}
	text, err := yaml.Marshal(&node)
	if err != nil {
		return fmt.Sprintf("%q", s)
	}
	return strings.TrimSpace(string(text))
}

// commentLines is a list as comments, a few words on each line.
func commentLines(words []string) string {
	var lines []string
	for part := range slices.Chunk(words, 4) {
		lines = append(lines, "#   "+strings.Join(part, ", "))
	}
	return strings.Join(lines, ",\n")
}

// features are those that some case asks for.
func features() []string {
	var names []string
	for _, c := range cases.All() {
		if f := c.Needs.Feature; f != "" && !slices.Contains(names, f) {
			names = append(names, f)
		}
	}
	slices.Sort(names)
	return names
}

var targetTemplate = texttemplate.Must(texttemplate.New("target").Parse(`# What is known about this gateway, for
#   fakeconnector verify --target THIS-FILE
# Flags of verify override what stands here. docs/testing-your-gateway.md explains each key.

name: {{.Name}}
{{if .HasVersion}}version: {{.Version}}{{else}}# version: "1.0.0"{{end}}

# The dated revision of the contract that the gateway claims. It is judged by that one.
{{if .Revision}}revision: {{.Revision}}{{else}}revision: "2026-06"{{end}}

# How it is started: command (a list; there is no shell), image, dockerfile, or attach: true
# for one that runs already. Paths are seen from where verify is called.
launch:
  {{.Way}}
  # env: {LOG_LEVEL: debug}        # variables of its own, beside the contract's

# How it answers a text: echo (with a send that contains it), some (with any send in that
# chat) or none. Found by trying.
replies: {{.Replies}}

# The optional features that it has. Left out, it is held to all that its revision requires;
# one that is listed and cannot be shown is a failure.
# features: [{{.Features}}]

# How it is told its bounds, so that cases which must outlast one take seconds and not
# minutes. Whether it takes such variables cannot be found out from outside; put in the
# names of its own. {{"{{"}}.OutboundTimeout{{"}}"}} becomes 3s, {{"{{"}}.OutboundTimeout.Seconds{{"}}"}} becomes 3.
# timing:
#   env:
#     MY_HANDSHAKE_TIMEOUT: "{{"{{"}}.HandshakeTimeout{{"}}"}}"
#     MY_OUTBOUND_TIMEOUT: "{{"{{"}}.OutboundTimeout{{"}}"}}"
#     MY_IDLE_TIMEOUT: "{{"{{"}}.IdleTimeout{{"}}"}}"
#     MY_BACKOFF_BASE: "{{"{{"}}.BackoffBase{{"}}"}}"
#     MY_BACKOFF_CAP: "{{"{{"}}.BackoffCap{{"}}"}}"
#     MY_SHUTDOWN_BUDGET: "{{"{{"}}.ShutdownBudget{{"}}"}}"

# The variable in which it finds its identity token.
# identity: {env: PORTAL_TOKEN}

# Its configuration file, written into its working directory before it starts.
# config: {path: config.yaml, template: "discord:\n  require_mention: {{"{{"}}.RequireMention{{"}}"}}\n"}

# How it is made to trade an enrolment token (in GATEWAY_RELAY_ENROLL_TOKEN) for credentials:
# by further arguments of its program, or with at_start: true by itself. Names for an argument:
# {{"{{"}}.Token{{"}}"}}, {{"{{"}}.URL{{"}}"}}, {{"{{"}}.GatewayID{{"}}"}}. What it then keeps as variables is in env_file.
# enroll: {args: [enroll, --out, relay.env], env_file: relay.env}

# The driver channel is optional, and is found without being declared.
{{if .HasDriver}}# It opened one, with these methods:
{{.Methods}}
{{else}}# It opened none within a second: cases that need one are not applicable.
{{end}}
# Cases that are known to fail, or known to fail now and then, each with a reason. One that
# passes after all is an error, and so is one whose last day has passed.
# known:
#   - id: passthrough/ack-buffered
#     reason: not acknowledged before 1.5
#     until: 2027-01-31
# flaky:
#   - {id: reconnect/redial, reason: a race on shutdown}
`))
