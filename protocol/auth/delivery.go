package auth

import (
	"crypto/hmac"
	"strconv"
	"time"
)

// DeliveryWindow is how far a delivery's timestamp may be from the receiver's clock,
// in either direction, the edge included.
const DeliveryWindow = 300 * time.Second

// SignDelivery signs one HTTP delivery of the superseded inbound route: the hex
// HMAC-SHA256 of timestamp "." body under the tenant's delivery key. timestamp is in
// unix seconds; body is the exact bytes that are sent.
func SignDelivery(timestamp int64, body []byte, key string) string {
	return Sign(strconv.FormatInt(timestamp, 10)+"."+string(body), key)
}

// VerifyDelivery checks the two headers of a delivery over the exact bytes received,
// against every key of the rotation list. Errors are [ErrMalformed], [ErrSkew] and
// [ErrBadSignature].
func VerifyDelivery(timestamp, signature string, body []byte, keys []string, now time.Time) error {
	ts, ok := canonicalInt(timestamp)
	if !ok {
		return refuse(ErrMalformed, "expected a timestamp in unix seconds, got %d other characters", len(timestamp))
	}
	if !isLowerHex64(signature) {
		return refuse(ErrMalformed, "expected a signature of 64 lowercase hex digits, got %d characters", len(signature))
	}
	match := false
	for _, key := range keys {
		if key != "" && hmac.Equal([]byte(Sign(timestamp+"."+string(body), key)), []byte(signature)) {
			match = true
		}
	}
	if !match {
		return refuse(ErrBadSignature, "expected a signature by one of %d keys over the exact bytes, got another", len(keys))
	}
	if d := ts - now.Unix(); d > int64(DeliveryWindow/time.Second) || -d > int64(DeliveryWindow/time.Second) {
		return refuse(ErrSkew, "expected a timestamp within %s of %d, got %d", DeliveryWindow, now.Unix(), ts)
	}
	return nil
}
