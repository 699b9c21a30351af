package container

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"

	"github.com/relaykit/relaykit/conformance/kit"
	"github.com/relaykit/relaykit/conformance/launch"
)

// subject is one container.
type subject struct {
	docker *docker
	id     string
	name   string // for errors
	logs   *launch.LogBuffer
	exited chan struct{}
	atEnd  func(files func(context.Context, func(string, []byte)) error)

	mu     sync.Mutex
	exit   kit.Exit
	killed bool // it was asked to stop and had to be killed
}

// observable is a subject whose processes this machine's /proc shows.
type observable struct{ *subject }

// Processes are the ids of what runs in the container now. It implements [kit.Observable].
func (s observable) Processes() []int {
	select {
	case <-s.exited:
		return nil
	default:
		return processesOf(s.id)
	}
}

// Hostname is the name that the daemon gives a container which was not given another. It
// implements [kit.Hosted].
func (s *subject) Hostname() string { return s.id[:12] }

// Files are those that the container has beyond its image, or other than there. It
// implements [kit.Placed].
func (s *subject) Files(ctx context.Context, look func(string, []byte)) error {
	found, err := s.docker.client.ContainerDiff(ctx, s.id, client.ContainerDiffOptions{})
	if err != nil {
		return fmt.Errorf("asking for the files of its container: %w", reason(ctx, err))
	}
	defer s.docker.rest()
	for _, change := range found.Changes {
		if change.Kind == container.ChangeDelete {
			continue
		}
		if err := s.lookAt(ctx, change.Path, look); err != nil && !isGone(err) {
			return fmt.Errorf("reading %s of its container: %w", change.Path, reason(ctx, err))
		}
	}
	return nil
}

// lookAt reads one file. A directory is passed over: what is new in it is told of by itself.
func (s *subject) lookAt(ctx context.Context, path string, look func(string, []byte)) error {
	stat, err := s.docker.client.ContainerStatPath(ctx, s.id, client.ContainerStatPathOptions{Path: path})
	if err != nil || !stat.Stat.Mode.IsRegular() || stat.Stat.Size > kit.FileLimit {
		return err
	}
	copied, err := s.docker.client.CopyFromContainer(ctx, s.id, client.CopyFromContainerOptions{SourcePath: path})
	if err != nil {
		return err
	}
	defer copied.Content.Close()
	archive := tar.NewReader(copied.Content)
	for {
		if _, err := archive.Next(); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		content, err := io.ReadAll(io.LimitReader(archive, kit.FileLimit))
		if err != nil {
			return err
		}
		look(path, content)
	}
}

// start creates a container and starts it. Until it runs, whatever goes wrong removes it.
func (d *docker) start(ctx context.Context, image string, own []string, spec kit.Spec) (_ kit.Subject, err error) {
	made, err := d.provider.CreateContainer(ctx, testcontainers.ContainerRequest{
		Image: image, Cmd: spec.Args, Env: environment(own, spec.Env),
		Labels: map[string]string{Label: d.owner, Label + ".subject": spec.Name},
		HostConfigModifier: func(h *container.HostConfig) {
			h.ExtraHosts = []string{hostName + ":host-gateway"}
			h.LogConfig = container.LogConfig{Type: "none"} // its output is read here, and kept nowhere else
		},
	})
	if made != nil {
		defer func() {
			if err != nil {
				err = errors.Join(err, d.remove(ctx, made.GetContainerID()))
			}
		}()
	}
	if err != nil {
		return nil, fmt.Errorf("creating its container: %w", reason(ctx, err))
	}
	id := made.GetContainerID()
	if err := d.copyFiles(ctx, id, image, spec.Files); err != nil {
		return nil, err
	}
	s := &subject{docker: d, id: id, name: spec.Name, logs: &launch.LogBuffer{}, exited: make(chan struct{}), atEnd: spec.AtEnd}
	// Both before the start, so that nothing is missed of one that ends at once, and both
	// outlive the call: only Stop, Kill and its own end end the subject.
	lasting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	output, err := d.client.ContainerAttach(lasting, id, client.ContainerAttachOptions{Stream: true, Stdout: true, Stderr: true})
	if err != nil {
		cancel()
		return nil, fmt.Errorf("reading its output: %w", reason(ctx, err))
	}
	drained := s.drain(output)
	ended := d.client.ContainerWait(lasting, id, client.ContainerWaitOptions{Condition: container.WaitConditionNextExit})
	if _, err := d.client.ContainerStart(ctx, id, client.ContainerStartOptions{}); err != nil {
		cancel()
		output.Close()
		<-drained
		settle(ended)
		return nil, fmt.Errorf("starting its container: %w", reason(ctx, err))
	}
	go func() {
		defer cancel()
		s.watch(ended, output, drained)
	}()
	if d.shows(ctx, id) {
		return observable{s}, nil
	}
	return s, nil
}

// environment is all that the image does not bring along itself. Where it names no locale
// either, a runtime such as Java's would read the variables as ASCII.
func environment(own []string, of map[string]string) map[string]string {
	env := map[string]string{"NO_PROXY": "*"}
	if !slices.ContainsFunc(own, func(v string) bool { return strings.HasPrefix(v, "LANG=") || strings.HasPrefix(v, "LC_") }) {
		env["LANG"] = "C.UTF-8"
	}
	maps.Copy(env, of)
	return env
}

// copyFiles puts files into the working directory that the image says.
func (d *docker) copyFiles(ctx context.Context, id, image string, files map[string]string) error {
	if len(files) == 0 {
		return nil
	}
	work, err := d.workOf(ctx, id, image)
	if err != nil {
		return fmt.Errorf("reading its working directory: %w", reason(ctx, err))
	}
	var archive bytes.Buffer
	tw := tar.NewWriter(&archive)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return fmt.Errorf("expected a path inside of its working directory, got %q", name)
		}
		// Readable for everybody: nobody knows as whom the image runs.
		header := &tar.Header{Name: strings.TrimPrefix(path.Join(work, name), "/"), Mode: 0o644, Size: int64(len(files[name])), Typeflag: tar.TypeReg}
		if err := errors.Join(tw.WriteHeader(header), writeAll(tw, files[name])); err != nil {
			return fmt.Errorf("packing %s: %w", name, err)
		}
	}
	if err := tw.Close(); err != nil {
		return fmt.Errorf("packing its files: %w", err)
	}
	if _, err := d.client.CopyToContainer(ctx, id, client.CopyToContainerOptions{DestinationPath: "/", Content: &archive}); err != nil {
		return fmt.Errorf("copying its files: %w", reason(ctx, err))
	}
	return nil
}

// workOf is the working directory of an image, which its first container tells.
func (d *docker) workOf(ctx context.Context, id, image string) (string, error) {
	d.asked.Lock()
	defer d.asked.Unlock()
	if work, known := d.work[image]; known {
		return work, nil
	}
	found, err := d.client.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		return "", err
	}
	work := "/"
	if c := found.Container.Config; c != nil && c.WorkingDir != "" {
		work = c.WorkingDir
	}
	if d.work == nil {
		d.work = map[string]string{}
	}
	d.work[image] = work
	return work, nil
}

func writeAll(w io.Writer, text string) error {
	_, err := io.WriteString(w, text)
	return err
}

// drain reads the output until its end.
func (s *subject) drain(output client.ContainerAttachResult) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		stdout, stderr := s.logs.Stream("stdout"), s.logs.Stream("stderr")
		_, _ = stdcopy.StdCopy(stdout, stderr, output.Reader) // ends with the container
		stdout.Flush()
		stderr.Flush()
	}()
	return done
}

// settle lets the goroutine of a wait end whose context was cancelled.
func settle(ended client.ContainerWaitResult) {
	select {
	case <-ended.Result:
	case <-ended.Error:
	}
}

// watch waits for the end of the container and removes it.
func (s *subject) watch(ended client.ContainerWaitResult, output client.ContainerAttachResult, drained <-chan struct{}) {
	defer close(s.exited)
	var exit kit.Exit
	select {
	case r := <-ended.Result:
		exit = exitOf(r.StatusCode)
		if r.Error != nil && r.Error.Message != "" {
			exit.Err = r.Error.Message
		}
	case err := <-ended.Error:
		exit = kit.Exit{Code: -1, Err: "the daemon no longer tells of its container: " + firstLine(err)}
	}
	s.mu.Lock()
	s.exit = exit
	s.mu.Unlock()
	overdue := time.AfterFunc(drainBound, func() {
		s.logs.Note("its output stayed open after its end; what comes now is not read")
		output.Close()
	})
	<-drained
	overdue.Stop()
	output.Close()
	if s.atEnd != nil {
		s.atEnd(s.Files)
	}
	if err := s.docker.remove(context.Background(), s.id); err != nil {
		s.logs.Note("its container could not be removed: " + firstLine(err))
	}
	s.docker.rest()
}

// signal is sent to the container's main process.
func (s *subject) signal(name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), killBound)
	defer cancel()
	_, err := s.docker.client.ContainerKill(ctx, s.id, client.ContainerKillOptions{Signal: name})
	select {
	case <-s.exited:
		return nil
	default:
	}
	if err != nil && !isGone(err) && !strings.Contains(err.Error(), "is not running") {
		return fmt.Errorf("%s to %s: %w", name, s.name, reason(ctx, err))
	}
	return nil
}

// Stop sends SIGTERM and waits for the end.
func (s *subject) Stop(ctx context.Context) (kit.Exit, error) {
	select {
	case <-s.exited:
		return s.Exit(), nil
	default:
	}
	asked := s.signal("SIGTERM")
	select {
	case <-s.exited:
		return s.Exit(), nil
	case <-ctx.Done():
	}
	select {
	case <-s.exited: // at the last moment, and by itself
		return s.Exit(), nil
	default:
	}
	s.mu.Lock()
	s.killed = true
	s.mu.Unlock()
	err := s.Kill()
	return s.Exit(), errors.Join(asked, err)
}

// Kill sends SIGKILL and returns when the container is gone.
func (s *subject) Kill() error {
	select {
	case <-s.exited:
		return nil
	default:
	}
	err := s.signal("SIGKILL")
	bound := time.NewTimer(killBound)
	defer bound.Stop()
	select {
	case <-s.exited:
		return nil
	case <-bound.C:
	}
	return errors.Join(fmt.Errorf("kill %s: expected its container %.12s to be gone after %s", s.name, s.id, killBound), err)
}

func (s *subject) Exited() <-chan struct{} { return s.exited }

func (s *subject) Exit() kit.Exit {
	s.mu.Lock()
	defer s.mu.Unlock()
	exit := s.exit
	exit.Killed = s.killed
	return exit
}

func (s *subject) Logs() kit.LogReader { return s.logs }

// exitOf reads an exit code as the daemon gives it: 128 and the signal's number for a
// process that a signal ended.
func exitOf(status int64) kit.Exit {
	if name := signals[status-128]; name != "" {
		return kit.Exit{Code: -1, Signal: name}
	}
	return kit.Exit{Code: int(status)}
}

// signals are those that end a process, by their numbers on Linux.
var signals = map[int64]string{
	1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL", 11: "SIGSEGV", 13: "SIGPIPE", 15: "SIGTERM",
}
