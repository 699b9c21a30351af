// Package container starts gateways from container images, through testcontainers and the
// Docker daemon that it finds. It is a package apart so that nobody else carries Docker.
//
// The fake connector and the driver channel listen on the address that the bridge network
// has on this machine, and nowhere else; the gateway reaches them as host.docker.internal.
// A container is removed when its gateway has ended, whatever the reason. It is labelled
// with [Label] and with the process that started it, and a later run removes what a suite
// that was killed has left behind.
package container

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/relaykit/relaykit/conformance/kit"
)

// Label is on every container of the suite. To see what is there:
//
//	docker ps --all --filter label=org.relaykit.conformance
const Label = "org.relaykit.conformance"

// The bounds of this package. None of them is spent when all is well.
const (
	// setupBound is how long the daemon may take to say who it is. 20 s: one that has just
	// been started takes a few.
	setupBound = 20 * time.Second

	// imageBound is how long an image may take to be pulled or built. 10 min: a gateway with
	// an interpreter and its libraries, over a slow line.
	imageBound = 10 * time.Minute

	// reaperBound is the same for the reaper's image, of a few megabytes.
	reaperBound = time.Minute

	// killBound is how long a killed container may take to be gone. 30 s: the daemon takes
	// its containers one after the other, and a loaded machine has been seen to need two
	// seconds for each.
	killBound = 30 * time.Second

	// drainBound is how long the output of a container that has ended may stay open. 2 s:
	// the daemon closes it at the end.
	drainBound = 2 * time.Second

	// removeBound is how long the removal of a container may take. 30 s, as for a kill.
	removeBound = 30 * time.Second
)

// hostName is how a container reaches this machine.
const hostName = "host.docker.internal"

// Image is a launcher for an image by its reference. One that the daemon does not have is
// pulled once; when that fails, every launch has the same error.
func Image(ref string) kit.Launcher { return &launcher{name: ref, image: pulled(ref)} }

// Dockerfile is a launcher for an image that is built once, from a Dockerfile and the
// directory that it stands in. It is built by the daemon's classic builder; an image that
// needs BuildKit has to be built before, for [Image].
func Dockerfile(path string) kit.Launcher { return &launcher{name: path, image: built(path)} }

type launcher struct {
	name  string
	image func(context.Context, *docker) (string, error)

	mu     sync.Mutex
	docker *docker
	ref    string   // the image, once it is there
	env    []string // the variables that the image brings along, as NAME=value
	failed error    // why it cannot be had, so that nobody tries again
}

// Can asks the daemon, at the first call, where the fake connector must listen. When that
// fails it is on loopback, and Launch says why.
func (l *launcher) Can() kit.Abilities {
	can := kit.Abilities{Restart: true, SetEnv: true, Signal: true, Files: true, Args: true, URLHost: hostName}
	if d, err := l.connect(); err == nil {
		can.ListenHost = d.address
	}
	return can
}

func (l *launcher) connect() (*docker, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.docker == nil && l.failed == nil {
		ctx, cancel := context.WithTimeout(context.Background(), setupBound)
		defer cancel()
		l.docker, l.failed = connect(ctx)
	}
	return l.docker, l.failed
}

func (l *launcher) Launch(ctx context.Context, spec kit.Spec) (kit.Subject, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("launch %s: %w", l.name, err)
	}
	d, err := l.connect()
	if err != nil {
		return nil, fmt.Errorf("launch %s: %w", l.name, err)
	}
	defer d.rest()
	if err := l.provide(ctx, d); err != nil {
		return nil, fmt.Errorf("launch %s: %w", l.name, err)
	}
	s, err := d.start(ctx, l.ref, l.env, spec)
	if err != nil {
		return nil, fmt.Errorf("launch %s: %w", l.name, err)
	}
	return s, nil
}

// provide sees to the image, once; the others wait. A run that was interrupted meanwhile
// says nothing about the image.
func (l *launcher) provide(ctx context.Context, d *docker) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ref != "" || l.failed != nil {
		return l.failed
	}
	within, cancel := context.WithTimeout(ctx, imageBound)
	defer cancel()
	// The image first: what is wrong with it is what the user can mend.
	ref, err := l.image(within, d)
	var env []string
	if err == nil {
		env, err = d.variables(within, ref)
	}
	if err == nil {
		err = d.provideReaper(within)
	}
	if err == nil {
		l.ref, l.env = ref, env
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	l.failed = err
	return err
}
