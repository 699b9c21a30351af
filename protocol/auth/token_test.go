package auth

import (
	"errors"
	"strings"
	"testing"
	"time"
)

const frozenSecret = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

// The two values were produced by the connector's own implementation.
func TestFrozenValues(t *testing.T) {
	want := "Z3ctaW5zdGFuY2UtMTowOjM3YWE3YjE0NWU4NzY0ZDQwM2JhOWM2MzlmMjMwZGQ2M2RlOGVkOTliODhmZWQzNmFhMDI2MjVhOGE3ZTM1NjQ"
	if got := Mint("gw-instance-1", frozenSecret, Never); got != want {
		t.Errorf("token: want %s, got %s", want, got)
	}
	body := `{"type":"message","event":{"text":"hi","source":{"chat_id":"c1"}}}`
	want = "ac9509c8dae52b5590f06378260877334ff1adc4b1c96bafa4b514165fae6dc6"
	if got := SignDelivery(1750000000, []byte(body), frozenSecret); got != want {
		t.Errorf("delivery: want %s, got %s", want, got)
	}
}

func TestErrorsHoldNoSecret(t *testing.T) {
	token := Mint("gw-1", frozenSecret, 100)
	for _, err := range []error{
		second(Verify(token, []string{frozenSecret}, time.Unix(101, 0))),
		second(Verify(token, []string{"0ther-s3cret"}, time.Unix(100, 0))),
		second(Verify(token+"=", []string{frozenSecret}, time.Unix(100, 0))),
	} {
		if err == nil {
			t.Fatal("expected a refusal")
		}
		for _, secret := range []string{frozenSecret, token, "0ther-s3cret"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("error quotes a secret: %v", err)
			}
		}
		if Code(err) == "" {
			t.Errorf("no code in %v", err)
		}
	}
}

func TestExpiredOnlyWhenSignedCorrectly(t *testing.T) {
	token := Mint("gw-1", "s", 100)
	if _, err := Verify(token, []string{"wrong"}, time.Unix(500, 0)); !errors.Is(err, ErrBadSignature) {
		t.Errorf("want %v, got %v", ErrBadSignature, err)
	}
	if _, err := Verify(token, []string{"s"}, time.Unix(500, 0)); !errors.Is(err, ErrExpired) {
		t.Errorf("want %v, got %v", ErrExpired, err)
	}
}

func second[T any](_ T, err error) error { return err }
