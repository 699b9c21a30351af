package fakeconnector

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"time"
)

// certificateLife outlasts any test run and no more.
const certificateLife = 24 * time.Hour

// prepareTLS needs c.mu.
func (c *Connector) prepareTLS() error {
	if c.tls == nil {
		cert, err := selfMade(c.host)
		if err != nil {
			return fmt.Errorf("making a certificate for %s: %w", c.host, err)
		}
		c.tls = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	}
	c.tls = c.tls.Clone()
	// WebSocket runs over HTTP/1.1 only.
	c.tls.NextProtos = []string{"http/1.1"}
	return nil
}

// Certificates are the roots that a client needs for the connector's certificate: nil
// without TLS, and before Start.
func (c *Connector) Certificates() *x509.CertPool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.useTLS || c.tls == nil {
		return nil
	}
	pool := x509.NewCertPool()
	for _, cert := range c.tls.Certificates {
		for _, der := range cert.Certificate {
			if parsed, err := x509.ParseCertificate(der); err == nil {
				pool.AddCert(parsed)
			}
		}
	}
	return pool
}

func selfMade(host string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "relaykit fake connector"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(certificateLife),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{"localhost", "host.docker.internal"},
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = append(template.DNSNames, host)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
