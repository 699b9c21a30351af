package fakeconnector

import "net/http"

// serveEnroll answers POST /relay/enroll (contract, section "Enrolment"): 401 for an
// identity that is not known, 400 for a body that is wrong, 403 for an enrolment token
// that is not ours, was used, has expired or is another tenant's. Only a success uses the
// token up.
func (c *Connector) serveEnroll(r *httpRequest) *Answer {
	tenant, refused := c.tenant(r.Request)
	if refused != nil {
		return refused
	}
	b := r.object()
	token, gatewayID := b.text("enrollmentToken"), b.name("gatewayId")
	if refused := b.done(c.lenient); refused != nil {
		return refused
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	i, ok := c.admission.read(token, c.clock.Now())
	if !ok || i.Tenant != tenant {
		return jsonError(http.StatusForbidden, "expected an enrolment token of the caller's tenant that was not used yet")
	}
	rec, refused := c.admit(admitted{tenant: tenant, gatewayID: gatewayID})
	if refused != nil {
		return refused
	}
	delete(c.admission.invited, i.Nonce)
	return jsonAnswer(http.StatusOK, map[string]any{
		"secret": rec.Secret, "deliveryKey": rec.provisioned.DeliveryKey, "tenant": rec.Tenant, "gatewayId": rec.ID,
	})
}
