package protocol

import (
	"bytes"
	"encoding/json"
)

// Opt is a member of a JSON object that may be absent, null or set. The zero value
// is absent.
type Opt[T any] struct {
	value T
	state optState
}

type optState uint8

const (
	optAbsent optState = iota
	optNull
	optSet
)

// Some is a member that is set to v.
func Some[T any](v T) Opt[T] { return Opt[T]{value: v, state: optSet} }

// Null is a member that is present with the JSON value null.
func Null[T any]() Opt[T] { return Opt[T]{state: optNull} }

// Get returns the value and whether there is one; null and absent have none.
func (o Opt[T]) Get() (T, bool) { return o.value, o.state == optSet }

// Or returns the value, or fallback where the member is null or absent.
func (o Opt[T]) Or(fallback T) T {
	if o.state == optSet {
		return o.value
	}
	return fallback
}

// IsSet reports whether there is a value.
func (o Opt[T]) IsSet() bool { return o.state == optSet }

// IsNull reports whether the member is present and null.
func (o Opt[T]) IsNull() bool { return o.state == optNull }

// IsZero reports whether the member is absent; it makes `omitzero` work.
func (o Opt[T]) IsZero() bool { return o.state == optAbsent }

// MarshalJSON writes the value, or null. An absent member is left out by the object
// that holds it; on its own it is written as null.
func (o Opt[T]) MarshalJSON() ([]byte, error) {
	if o.state != optSet {
		return []byte("null"), nil
	}
	return marshalPlain(o.value)
}

// UnmarshalJSON reads a value or null.
func (o *Opt[T]) UnmarshalJSON(data []byte) error {
	if bytes.Equal(bytes.TrimSpace(data), []byte("null")) {
		*o = Null[T]()
		return nil
	}
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	*o = Some(v)
	return nil
}

// optional is how the object codec reaches into an Opt without knowing its T.
type optional interface {
	setNull()
	setTarget() any // marks the member as set and returns a pointer to its value
	unset()
	current() (value any, set bool)
	inside() (target any, state optState) // a pointer to the value, which is zero unless it is set
}

func (o *Opt[T]) setNull()                { *o = Null[T]() }
func (o *Opt[T]) setTarget() any          { o.state = optSet; return &o.value }
func (o *Opt[T]) unset()                  { *o = Opt[T]{} }
func (o *Opt[T]) current() (any, bool)    { return o.value, o.state == optSet }
func (o *Opt[T]) inside() (any, optState) { return &o.value, o.state }
