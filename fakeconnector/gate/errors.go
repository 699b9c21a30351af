package gate

import (
	"errors"
	"fmt"
)

// Why something is refused. Nothing is changed then.
var (
	ErrTaken      = errors.New("another instance has it")
	ErrNotHeld    = errors.New("the instance does not have it")
	ErrNoInstance = errors.New("expected an instance with a gateway that was not revoked")
	ErrFull       = errors.New("the gate is full")
	ErrBad        = errors.New("the request is wrong")
)

func bad(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrBad, fmt.Sprintf(format, args...))
}

// tenant is that of an instance which may be given something.
func (g *Gate) tenant(instance string) (string, error) {
	tenant, ok := g.of.Tenant(instance)
	if !ok {
		return "", fmt.Errorf("%w, got %q", ErrNoInstance, instance)
	}
	return tenant, nil
}

func (g *Gate) room(held int, what string) error {
	if held >= g.limit {
		return fmt.Errorf("%w: expected at most %d %s", ErrFull, g.limit, what)
	}
	return nil
}
