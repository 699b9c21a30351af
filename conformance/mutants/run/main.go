// Command run judges mutants of the reference gateway, or of the fake connector with
// -connector, and prints what became of them.
//
//	go run ./conformance/mutants/run [flags] [mutant, rule or area …]
//
// First it runs the suite on the unedited subject, which must be green. It exits 1 when
// a mutant survived, spread to another rule, or no longer applies.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"time"

	"github.com/relaykit/relaykit/conformance"
	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/conformance/launch"
	"github.com/relaykit/relaykit/conformance/mutants"
	"github.com/relaykit/relaykit/conformance/mutants/connector"
	"github.com/relaykit/relaykit/conformance/target"
)

// targetFile is what is known about the gateway that is edited.
const targetFile = "cmd/gateway/target.yaml"

type flags struct {
	full, evidence, json, control, noted, recorded, connector, again, onlyDoc bool
	root, doc, results                                                        string
	workers, each                                                             int
	budget                                                                    time.Duration
}

func main() {
	var f flags
	flag.BoolVar(&f.full, "full", false, "run every case on every mutant, to see how far it spreads")
	flag.BoolVar(&f.evidence, "evidence", false, "print what the first red case says")
	flag.BoolVar(&f.json, "json", false, "print the outcomes as JSON on stdout; the rest goes to stderr")
	flag.BoolVar(&f.control, "control", true, "run the suite on the unedited gateway first")
	flag.BoolVar(&f.again, "again", true, "ask again of each that is not as it should be, alone, and with every case where its rule is judged over a whole run")
	flag.BoolVar(&f.noted, "noted", false, "only mutants of which a note says that they survive")
	flag.BoolVar(&f.recorded, "recorded", false, "only mutants that -results keeps as killed, which must stay so; the file is not written")
	flag.BoolVar(&f.connector, "connector", false, "mutants of the fake connector, judged by the connector-side cases")
	flag.StringVar(&f.doc, "doc", "", "write the table of all mutants to this file, with what this run and those that -results kept made of them")
	flag.StringVar(&f.results, "results", "", "keep outcomes in this file from run to run, until a mutant is edited")
	flag.StringVar(&f.root, "root", ".", "the module's root")
	flag.IntVar(&f.workers, "parallel", 4, "mutants at once; they mostly wait")
	flag.IntVar(&f.each, "each", 0, "at most so many mutants of each rule, drawn by the source that judges and is judged; 0 for all")
	flag.BoolVar(&f.onlyDoc, "only-doc", false, "judge nothing, write -doc from what -results keeps")
	flag.DurationVar(&f.budget, "for", 0, "begin no more after this time, once one mutant of each rule is begun; 0 for no limit")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, f, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, f flags, patterns []string) error {
	began := time.Now()
	root, err := filepath.Abs(f.root)
	if err != nil {
		return err
	}
	read, side := mutants.All, kit.GatewaySide
	if f.connector {
		read, side = mutants.Connector, kit.ConnectorSide
	}
	all, err := read()
	if err != nil {
		return err
	}
	if f.onlyDoc {
		return keep(f, root, all, nil)
	}
	selected, err := mutants.Select(all, patterns)
	if err != nil {
		return err
	}
	if f.noted {
		selected = slices.DeleteFunc(slices.Clone(selected), func(m mutants.Mutant) bool { return m.Survives == "" })
	}
	if f.recorded {
		if selected, err = mutants.Recorded(filepath.Join(root, f.results), selected); err != nil {
			return err
		}
		f.results = ""
	}
	seed, err := mutants.TreeSeed(root)
	if err != nil {
		return err
	}
	if f.each > 0 {
		selected = mutants.Each(selected, f.each, seed)
	}
	least := len(selected)
	if f.budget > 0 {
		selected, least = mutants.Rounds(selected, seed)
	}
	subject, err := target.Load(filepath.Join(root, targetFile))
	if err != nil {
		return err
	}
	options := mutants.Options{Root: root, Full: f.full, Once: !f.again, Workers: f.workers, Side: side, Connector: connector.Verify, Suite: func(command string) conformance.Options {
		o := conformance.ForTarget(subject, false)
		o.Launcher = launch.Command([]string{command})
		return o
	}}
	var out io.Writer = os.Stdout
	if f.json {
		out = os.Stderr
	}
	if f.control {
		if err := mutants.Control(ctx, options, areas(selected)); err != nil {
			return fmt.Errorf("expected a green run of the unedited subject:\n%w", err)
		}
		fmt.Fprintln(out, "control   green")
	}
	if options.Least = least; f.budget > 0 {
		options.Until = began.Add(f.budget)
	}
	outcomes := mutants.JudgeAll(ctx, selected, options, func(o mutants.Outcome) {
		fmt.Fprintln(out, o)
		if f.evidence && o.Evidence != "" {
			fmt.Fprintln(out, o.Evidence)
		}
	})
	options.Until = time.Time{}
	// What a crowd of mutants says on a loaded machine is asked again of each alone.
	for i, o := range outcomes {
		if !f.again || o.OK() || ctx.Err() != nil {
			continue
		}
		fmt.Fprintf(out, "again     %s\n", o.Mutant.ID())
		// An interrupt in between leaves the first outcome.
		for _, second := range mutants.JudgeAll(ctx, []mutants.Mutant{o.Mutant}, options, func(o mutants.Outcome) { fmt.Fprintln(out, o) }) {
			outcomes[i] = second
		}
	}
	mutants.Summary(out, outcomes)
	if left := len(selected) - len(outcomes); left > 0 && ctx.Err() == nil {
		fmt.Fprintf(out, "%d of %d were left for another run: the time was over, and one of each rule was judged\n", left, len(selected))
	}
	if f.json {
		data, err := mutants.JSON(outcomes)
		if err != nil {
			return err
		}
		fmt.Printf("%s\n", data)
	}
	if err := keep(f, root, all, outcomes); err != nil {
		return err
	}
	if i := slices.IndexFunc(outcomes, func(o mutants.Outcome) bool { return !o.OK() }); i >= 0 {
		return errors.New("not every mutant was killed as it should be")
	}
	return nil
}

func areas(list []mutants.Mutant) []string {
	var names []string
	for _, m := range list {
		names = append(names, m.Rule.Area())
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// keep writes the files that were asked for.
func keep(f flags, root string, all []mutants.Mutant, outcomes []mutants.Outcome) error {
	var err error
	if f.results != "" {
		if outcomes, err = mutants.Merge(f.results, all, outcomes); err != nil {
			return err
		}
		data, err := mutants.JSON(outcomes)
		if err != nil {
			return err
		}
		if err := os.WriteFile(f.results, data, 0o644); err != nil {
			return err
		}
	}
	if f.doc == "" {
		return nil
	}
	file, err := os.Create(filepath.Join(root, f.doc))
	if err != nil {
		return err
	}
	return errors.Join(mutants.Markdown(file, all, outcomes), file.Close())
}
