package serve

import (
	"crypto/tls"
	"fmt"
	"sync/atomic"
)

// certificates is a certificate that can be read anew.
type certificates struct {
	cert, key string
	now       atomic.Pointer[tls.Certificate]
}

// read reads the files, without putting the certificate in force.
func (c *certificates) read() (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return nil, fmt.Errorf("tls_cert and tls_key: %w", err)
	}
	return &pair, nil
}

func (c *certificates) get(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.now.Load(), nil }
