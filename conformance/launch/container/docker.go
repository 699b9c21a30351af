package container

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
)

// docker is the daemon, and what is known of it.
type docker struct {
	provider *testcontainers.DockerProvider
	client   client.APIClient
	address  string // of this machine on the bridge network; empty for loopback
	owner    string // names this process on the labels of its containers

	asked sync.Mutex        // held while the daemon is asked what is the same for all containers
	work  map[string]string // the working directory that an image says
	shown bool              // its processes are this machine's
}

// connect finds the daemon, as testcontainers does, and the address of the bridge.
func connect(ctx context.Context) (d *docker, err error) {
	defer func() {
		// testcontainers panics where it finds no daemon at some of its places.
		if p := recover(); p != nil {
			d, err = nil, absent(fmt.Errorf("%v", p))
		}
	}()
	if err := chosen(ctx); err != nil {
		return nil, absent(err)
	}
	// The connection is announced on the default logger, whatever the provider has.
	log.SetDefault(log.NewNoopLogger())
	provider, err := testcontainers.NewDockerProvider(testcontainers.WithLogger(log.NewNoopLogger()), testcontainers.WithDefaultBridgeNetwork(testcontainers.Bridge))
	if err != nil {
		return nil, absent(err)
	}
	d = &docker{provider: provider, client: provider.Client(), owner: owner()}
	defer d.rest()
	info, err := d.client.Info(ctx, client.InfoOptions{})
	if err != nil {
		return nil, absent(err)
	}
	if info.Info.OperatingSystem == "Docker Desktop" {
		// Its bridge is inside of a virtual machine, whose host.docker.internal leads to
		// this machine's loopback.
		return d, nil
	}
	d.address, err = d.bridge(ctx)
	if err != nil {
		return nil, err
	}
	d.sweep(ctx)
	return d, nil
}

// chosen is an error when the user chose a daemon that cannot be reached: testcontainers
// would take another one without a word.
func chosen(ctx context.Context) error {
	if os.Getenv(client.EnvOverrideHost) == "" {
		return nil
	}
	c, err := client.New(client.FromEnv)
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Ping(ctx, client.PingOptions{})
	return err
}

// absent is the error of a machine without Docker.
func absent(err error) error {
	return fmt.Errorf("no Docker daemon can be reached (%s); start one, or say where it is in DOCKER_HOST", firstLine(err))
}

func firstLine(err error) string {
	text, _, _ := strings.Cut(strings.TrimSpace(err.Error()), "\n")
	return strings.TrimRight(text, ". :")
}

// bridge is the address that this machine has on the bridge network: the gateway of its
// address range or, where the daemon does not tell that, the address of the interface that
// the network is made of.
func (d *docker) bridge(ctx context.Context) (string, error) {
	found, err := d.client.NetworkInspect(ctx, testcontainers.Bridge, client.NetworkInspectOptions{})
	if err != nil {
		return "", fmt.Errorf("expected the daemon to have the network %q: %w", testcontainers.Bridge, err)
	}
	for _, c := range found.Network.IPAM.Config {
		if c.Gateway.IsValid() && c.Gateway.Is4() {
			return c.Gateway.String(), here(c.Gateway.String())
		}
	}
	const option = "com.docker.network.bridge.name"
	name := found.Network.Options[option]
	if name == "" {
		return "", fmt.Errorf("expected the network %q to have a gateway address or the option %s, got neither", testcontainers.Bridge, option)
	}
	return addressOf(name)
}

func addressOf(name string) (string, error) {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return "", fmt.Errorf("expected the bridge's interface %s on this machine (%w); the daemon must run on the machine that the suite runs on", name, err)
	}
	addresses, err := i.Addrs()
	if err != nil {
		return "", fmt.Errorf("reading the addresses of %s: %w", name, err)
	}
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil {
			return n.IP.String(), nil
		}
	}
	return "", fmt.Errorf("expected the bridge's interface %s to have an IPv4 address, got %v", name, addresses)
}

// here is an error unless this machine has the address.
func here(address string) error {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return fmt.Errorf("reading this machine's addresses: %w", err)
	}
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && n.IP.String() == address {
			return nil
		}
	}
	return fmt.Errorf("expected the bridge's address %s on this machine; the daemon must run on the machine that the suite runs on", address)
}

// owner is this process, so that a later one can tell whether it still runs.
func owner() string {
	host, _ := os.Hostname()
	return fmt.Sprintf("%s/%d/%s", host, os.Getpid(), startOf(os.Getpid()))
}

// sweep removes the containers of suites of this machine that were killed. What goes wrong
// with it is no reason not to judge a gateway.
func (d *docker) sweep(ctx context.Context) {
	list, err := d.client.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: make(client.Filters).Add("label", Label)})
	if err != nil {
		return
	}
	for _, c := range list.Items {
		if orphaned(c.Labels[Label]) {
			_ = d.remove(ctx, c.ID)
		}
	}
}

// orphaned reports whether the process that an owner names is of this machine, and gone.
func orphaned(label string) bool {
	parts := strings.Split(label, "/")
	host, _ := os.Hostname()
	if len(parts) != 3 || parts[0] != host || startOf(os.Getpid()) == "" {
		return false
	}
	var pid int
	if _, err := fmt.Sscanf(parts[1], "%d", &pid); err != nil {
		return false
	}
	return startOf(pid) != parts[2]
}

// startOf is when a process was started, in the kernel's count, or empty where there is no
// such process or no /proc.
func startOf(pid int) string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// The name in parentheses may hold anything; the start is the 20th field after it.
	_, after, ok := strings.Cut(string(data[max(0, strings.LastIndex(string(data), ")")):]), ") ")
	fields := strings.Fields(after)
	if !ok || len(fields) < 20 {
		return ""
	}
	return fields[19]
}

// remove takes a container away, running or not. One that is gone already is fine.
func (d *docker) remove(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeBound)
	defer cancel()
	_, err := d.client.ContainerRemove(ctx, id, client.ContainerRemoveOptions{RemoveVolumes: true, Force: true})
	if isGone(err) {
		return nil
	}
	return err
}

// rest closes connections to the daemon that nobody uses now, so that no goroutine outlives
// the last container.
func (d *docker) rest() { _ = d.client.Close() }

var errTimedOut = errors.New("it took too long")

// reason is an error without the client's own words around it, and with the bound that it
// hit.
func reason(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.DeadlineExceeded) {
		return errTimedOut
	}
	return errors.New(firstLine(err))
}
