package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestContractCoverage(t *testing.T) {
	for _, tt := range []struct {
		name   string
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{"the gateway", nil, exitYes, "gateway, revision 2026-06:", ""},
		{"an exclusion and its observer", nil, exitYes, "excluded delivery/window: ", ""},
		{"as markdown", []string{"--format", "markdown"}, exitYes, "| `framing/newline` | MUST | `-` ", ""},
		{"none may be excluded", []string{"--max-excluded", "0"}, exitNo, "excluded", "expected at most 0 % of the "},
		{"the connector is only printed", []string{"--side", "connector"}, exitYes, "connector, revision 2026-06:", ""},
		{"unless it is asked for", []string{"--side", "connector", "--max-excluded", "1"}, exitNo, "connector, revision", "expected at most 1 % of the "},
		{"a bad side", []string{"--side", "both"}, exitUsage, "", `--side: expected gateway or connector, got "both"`},
		{"a bad format", []string{"--format", "xml"}, exitUsage, "", `--format: expected text, json or markdown, got "xml"`},
		{"a bad limit", []string{"--max-excluded", "101"}, exitUsage, "", "--max-excluded: expected a percentage, got 101"},
	} {
		code, stdout, stderr := contractRun(t, append([]string{"coverage"}, tt.args...)...)
		if code != tt.code || !strings.Contains(stdout, tt.stdout) || !strings.Contains(stderr, tt.stderr) {
			t.Errorf("%s: expected exit code %d, %q on stdout and %q on stderr; got %d\n%s\n%s", tt.name, tt.code, tt.stdout, tt.stderr, code, stdout, stderr)
		}
	}
	code, stdout, _ := contractRun(t, "coverage", "--format", "json")
	var got struct {
		OK    bool
		Rules []struct {
			Rule           string
			Cases, Mutants []string
		}
		Counts struct{ Excluded int }
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || code != exitYes {
		t.Fatalf("json: exit code %d, %v", code, err)
	}
	if !got.OK || len(got.Rules) < 100 || len(got.Rules[0].Cases) == 0 || len(got.Rules[0].Mutants) < 2 || got.Counts.Excluded == 0 {
		t.Errorf("expected ok, a hundred rules and more with cases and mutants, and exclusions; got %v, %d, %d excluded", got.OK, len(got.Rules), got.Counts.Excluded)
	}
}
