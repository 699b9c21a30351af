package container

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/pkg/authconfig"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
)

// isGone matches the daemon's "no such thing".
func isGone(err error) bool {
	return err != nil && (errdefs.IsNotFound(err) || strings.Contains(err.Error(), "is already in progress"))
}

// pulled is an image by its reference, which the daemon has or can get.
func pulled(ref string) func(context.Context, *docker) (string, error) {
	return func(ctx context.Context, d *docker) (string, error) {
		if strings.TrimSpace(ref) == "" {
			return "", errors.New("expected the reference of an image, got nothing")
		}
		if err := d.pull(ctx, ref); err != nil {
			return "", fmt.Errorf("the image cannot be had: it is not here, and pulling it failed: %w", err)
		}
		return ref, nil
	}
}

// pull gets an image that is not there, with one attempt: whoever names a wrong image must
// not wait for ten, and the registry must not be asked ten times.
func (d *docker) pull(ctx context.Context, ref string) error {
	ref = d.substituted(ref)
	_, err := d.client.ImageInspect(ctx, ref)
	if err == nil {
		return nil
	}
	if !errdefs.IsNotFound(err) {
		return reason(ctx, err)
	}
	var o client.ImagePullOptions
	if _, auth, err := testcontainers.DockerImageAuth(ctx, ref); err == nil {
		o.RegistryAuth, _ = authconfig.Encode(auth) // without credentials for it an image may still be public
	}
	stream, err := d.client.ImagePull(ctx, ref, o)
	if err != nil {
		return reason(ctx, err)
	}
	defer stream.Close()
	if err := stream.Wait(ctx); err != nil {
		return reason(ctx, err)
	}
	return nil
}

// variables are those that an image brings along.
func (d *docker) variables(ctx context.Context, ref string) ([]string, error) {
	found, err := d.client.ImageInspect(ctx, d.substituted(ref))
	if err != nil {
		return nil, fmt.Errorf("reading what the image brings along: %w", reason(ctx, err))
	}
	if found.Config == nil {
		return nil, nil
	}
	return found.Config.Env, nil
}

// substituted is the name under which testcontainers will ask for an image: a prefix of the
// user's, such as a mirror, comes before one that names no registry.
func (d *docker) substituted(ref string) string {
	prefix := d.provider.Config().Config.HubImageNamePrefix
	first, _, many := strings.Cut(ref, "/")
	if prefix == "" || many && (strings.ContainsAny(first, ".:") || first == "localhost") {
		return ref
	}
	return path.Join(prefix, ref)
}

// reaperImage is the image that testcontainers starts its reaper from.
//
//lint:ignore SA1019 the value that replaced it is internal to testcontainers
var reaperImage = testcontainers.ReaperDefaultImage

// provideReaper sees to it that testcontainers can start its reaper, which removes the
// containers of a suite that was killed, unless it was told to do without.
func (d *docker) provideReaper(ctx context.Context) error {
	if d.provider.Config().RyukDisabled {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, reaperBound)
	defer cancel()
	if err := d.pull(ctx, reaperImage); err != nil {
		return fmt.Errorf("the image %s of the reaper, which cleans up after a suite that was killed, cannot be had (%w); set TESTCONTAINERS_RYUK_DISABLED=true to do without it",
			reaperImage, err)
	}
	return nil
}

// builtName is what images that are built here are called: nothing that a registry has.
const builtName = "localhost/relaykit-subject"

// built is an image that is built from a Dockerfile. Its name comes from the file's path,
// so that a second run replaces the image of the first.
func built(dockerfile string) func(context.Context, *docker) (string, error) {
	return func(ctx context.Context, d *docker) (string, error) {
		file, err := filepath.Abs(dockerfile)
		if err != nil {
			return "", err
		}
		if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
			return "", fmt.Errorf("expected a Dockerfile at %s", file)
		}
		sum := sha256.Sum256([]byte(file))
		tag := hex.EncodeToString(sum[:6])
		before, _ := d.client.ImageInspect(ctx, builtName+":"+tag)
		var log bytes.Buffer
		name, err := d.provider.BuildImage(ctx, &testcontainers.ContainerRequest{FromDockerfile: testcontainers.FromDockerfile{
			Context: filepath.Dir(file), Dockerfile: filepath.Base(file),
			Repo: builtName, Tag: tag, KeepImage: true, BuildLogWriter: &log,
		}})
		if err != nil {
			return "", fmt.Errorf("the image cannot be built: %w%s", reason(ctx, err), lastStep(log.String()))
		}
		after, err := d.client.ImageInspect(ctx, name)
		if err != nil {
			return "", fmt.Errorf("the image was built and is not there: %w", reason(ctx, err))
		}
		if before.ID != "" && before.ID != after.ID {
			// Nobody can name it any more. Another run may still use it, and then it stays.
			_, _ = d.client.ImageRemove(ctx, before.ID, client.ImageRemoveOptions{})
		}
		return name, nil
	}
}

// lastStep is the step of a build that failed, for its error.
func lastStep(log string) string {
	last := ""
	for line := range strings.Lines(log) {
		if strings.HasPrefix(line, "Step ") {
			last = " at " + strings.TrimSpace(line)
		}
	}
	return last
}
