package reference

import (
	"context"
	"errors"

	"github.com/relaykit/relaykit/protocol"
)

// EnvEnrollToken holds the enrolment token of `gateway enroll`.
const EnvEnrollToken = "GATEWAY_RELAY_ENROLL_TOKEN"

// Enroll trades an enrolment token, which is signed, bound to a tenant and good for
// one use, for credentials. The caller's identity token proves who asks. (Contract,
// section "Enrolment": 403 for an enrolment token that is not good, 401 for a bad
// identity, 400 for a bad body.)
//
// The credentials are given out once: make sure beforehand that they can be kept.
func Enroll(ctx context.Context, config Config, enrollmentToken string) (Credentials, error) {
	config, err := config.orDefaults()
	if err != nil {
		return Credentials{}, err
	}
	if enrollmentToken == "" {
		return Credentials{}, errors.New("no enrolment token: expected one in " + EnvEnrollToken)
	}
	if config.Identity == nil {
		return Credentials{}, ErrNoIdentity
	}
	identity, err := config.Identity(ctx)
	if err != nil {
		return Credentials{}, err
	}
	body := struct {
		EnrollmentToken string `json:"enrollmentToken"`
		GatewayID       string `json:"gatewayId"`
	}{enrollmentToken, config.GatewayID}
	ctx, cancel := context.WithTimeout(ctx, config.Bounds.HTTP)
	defer cancel()
	clean := newRedactor(identity, enrollmentToken)
	status, answer, err := post(ctx, config.HTTPClient, config.URL, protocol.RouteEnroll, identity, body)
	if err != nil {
		return Credentials{}, clean.error(err)
	}
	return credentialsOf(protocol.RouteEnroll, config.GatewayID, status, answer, clean)
}
