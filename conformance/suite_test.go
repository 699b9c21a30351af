package conformance_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"go.uber.org/goleak"
	"go.yaml.in/yaml/v3"

	"github.com/relaykit/relaykit/conformance"
	"github.com/relaykit/relaykit/conformance/cases"
	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/conformance/launch"
	"github.com/relaykit/relaykit/conformance/target"
	"github.com/relaykit/relaykit/reference"
	"github.com/relaykit/relaykit/reference/driver"
)

// The subject: the reference gateway inside of this process, or an external one that is
// named by a flag (go test ./conformance -args -command ./my-gateway) or a variable.
var (
	commandFlag = flag.String("command", os.Getenv("RELAYKIT_COMMAND"), "command line of the gateway to judge, instead of the reference")
	targetFlag  = flag.String("target", os.Getenv("RELAYKIT_TARGET"), "target file of that gateway")
)

func TestMain(m *testing.M) {
	// Ginkgo leaves the goroutine behind that waits for interrupts and, of `ginkgo -p`, the one
	// that asks whether another process was interrupted.
	const interrupts = "github.com/onsi/ginkgo/v2/internal/interrupt_handler.(*InterruptHandler).registerForInterrupts."
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction(interrupts+"func1"), goleak.IgnoreAnyFunction(interrupts+"func2"))
}

func TestConformance(t *testing.T) {
	RegisterFailHandler(Fail)
	if *commandFlag != "" || *targetFlag != "" {
		here, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		defer uncached(t, here)
		t.Chdir("..") // relative paths are seen from where `go test ./conformance` is called
	}
	RunSpecs(t, "conformance of "+subjectName())
}

func subjectName() string {
	switch {
	case *commandFlag != "":
		return *commandFlag
	case *targetFlag != "":
		return *targetFlag
	}
	return "the reference gateway"
}

// options say how the subject is started and judged.
func options() (conformance.Options, error) {
	if *commandFlag == "" && *targetFlag == "" {
		t, err := target.Load("../cmd/gateway/target.yaml")
		if err != nil {
			return conformance.Options{}, err
		}
		o := conformance.ForTarget(t, false)
		o.Launcher = launch.InProcessIn("reference", referenceProcess)
		return o, nil
	}
	var o conformance.Options
	if *targetFlag != "" {
		t, err := target.Load(*targetFlag)
		if err != nil {
			return o, err
		}
		o = conformance.ForTarget(t, false)
		o.Launcher = launch.Command(t.Launch.Command)
	}
	if *commandFlag == "" {
		return o, nil
	}
	var err error
	o.Launcher, err = launch.ParseCommand(*commandFlag)
	return o, err
}

// referenceProcess is the reference gateway with its driver channel, as its command
// runs it, without the process around it.
func referenceProcess(ctx context.Context, call launch.Call, logs io.Writer) error {
	getenv := func(name string) string { return call.Env[name] }
	text, err := os.ReadFile(filepath.Join(call.Dir, "config.yaml"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var file map[string]any
	if err := yaml.Unmarshal(text, &file); err != nil {
		return err
	}
	config, err := reference.FromEnv(getenv, file)
	if err != nil {
		return err
	}
	if len(call.Args) > 0 {
		return enrolls(ctx, config, call)
	}
	log := newLogger(logs)
	config.Logger = log
	channel := driver.New(getenv(driver.EnvURL), "reference", "test", log)
	config.Observer, config.Accept = channel.Observer(), channel.Accept
	gateway, err := reference.New(config, channel)
	if err != nil {
		return err
	}
	channel.Start(gateway)
	defer channel.Close()
	ended := make(chan error, 1)
	go func() { ended <- gateway.Run(context.Background()) }()
	select {
	case <-ctx.Done():
		_ = gateway.Shutdown(context.Background())
		return <-ended
	case err := <-ended:
		return err
	}
}

// enrolls is what the command does with the arguments of the target file: enrol, keep what came in a file, and end.
func enrolls(ctx context.Context, config reference.Config, call launch.Call) error {
	if len(call.Args) != 3 || call.Args[0] != "enroll" || call.Args[1] != "--out" {
		return fmt.Errorf("expected enroll --out FILE, got %q", call.Args)
	}
	got, err := reference.Enroll(ctx, config, strings.TrimSpace(call.Env[reference.EnvEnrollToken]))
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%s=%s\n%s=%s\n", reference.EnvID, got.GatewayID, reference.EnvSecret, got.Secret)
	return os.WriteFile(filepath.Join(call.Dir, call.Args[2]), []byte(text), 0o600)
}

// verdict is what one process of a parallel run tells the others.
type verdict struct {
	Verdict  kit.Verdict
	Reason   string
	Evidence string
}

var verdicts map[string]verdict

// The first process judges, so that `ginkgo -p` starts one gateway and not several.
var _ = SynchronizedBeforeSuite(func(ctx SpecContext) []byte {
	o, err := options()
	Expect(err).NotTo(HaveOccurred())
	run, err := conformance.Verify(ctx, o)
	Expect(err).NotTo(HaveOccurred())
	found := map[string]verdict{}
	for _, r := range run.Results {
		found[r.Case.ID] = verdict{r.Verdict, r.Reason, r.Evidence}
	}
	Expect(cases.All()).To(HaveLen(len(found)+run.Header.Unbound), "every case is judged, or of a rule that only other revisions have")
	for _, c := range cases.All() {
		if _, judged := found[c.ID]; !judged {
			found[c.ID] = verdict{Verdict: kit.NotApplicable, Reason: "revision " + run.Header.Revision + " does not have its rule"}
		}
	}
	fmt.Fprintf(GinkgoWriter, "%s: %s\n", run.Header.Outcome.Conformance, run.Header.Outcome.Why)
	data, err := json.Marshal(found)
	Expect(err).NotTo(HaveOccurred())
	return data
}, func(data []byte) {
	Expect(json.Unmarshal(data, &verdicts)).To(Succeed())
}, NodeTimeout(10*time.Minute)) // the slow tier at the contract's bounds takes two minutes

var _ = Describe("the relay contract", func() {
	for _, c := range cases.All() {
		labels := []string{c.Area(), string(c.Level)}
		if c.Needs.Feature != "" {
			labels = append(labels, c.Needs.Feature)
		}
		It(c.ID+" "+c.Title, Label(labels...), func() {
			v, ran := verdicts[c.ID]
			Expect(ran).To(BeTrue(), "the case has no verdict")
			switch v.Verdict {
			case kit.Pass:
			case kit.NotApplicable:
				Skip(v.Reason)
			case kit.Warn, kit.Known, kit.Flaky:
				AddReportEntry(string(v.Verdict), v.Reason)
			default:
				Fail(fmt.Sprintf("%s: %s\n%s", v.Verdict, v.Reason, v.Evidence))
			}
		})
	}
})

// uncached keeps the go command from serving this result again: it caches no test that
// has read a file of its module which was written a moment ago.
func uncached(t *testing.T, dir string) {
	path := filepath.Join(dir, "testdata", "judged-an-external-gateway")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(path, []byte("Written by every run that judges an external gateway, so that its result is never cached.\n"), 0o644); err != nil {
		t.Errorf("expected to write %s, so that this result is not cached: %v", path, err)
	}
	if _, err := os.ReadFile(path); err != nil {
		t.Error(err)
	}
}
