package main

import (
	"fmt"
	"strings"
)

// The exit codes of every subcommand.
const (
	exitYes     = 0 // conformant, valid, done
	exitNo      = 1 // not conformant, refused
	exitUsage   = 2 // the command line or a file that it names cannot be meant
	exitHarness = 3 // the tool failed, or what it stands on; the subject is not to blame
)

// exitError carries an exit code out of a command. Without a text nothing is printed:
// the command has already said what there is to say.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usagef is an error about the command line: exit code 2.
func usagef(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// harnessError is a failure of the tool itself: exit code 3.
func harnessError(err error) error { return &exitError{exitHarness, err} }

// exitWith ends with a code and without a word.
func exitWith(code int) error {
	if code == exitYes {
		return nil
	}
	return &exitError{code: code}
}

// oneLine folds what is said over several lines (cobra's suggestions, the errors of a
// target file) into one.
func oneLine(text string) string {
	var parts []string
	for line := range strings.Lines(text) {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			parts = append(parts, line)
		}
	}
	return strings.Join(parts, "; ")
}
