package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// The name that the API server checks.
const serverName = "berth.berth-system.svc"

// The time by which a certificate's validity begins before it is made: that of berth's own, and none.
const (
	backdated = time.Hour
	fresh     = 0
)

var serial int64

// An authority, which signs certificates.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         []byte
}

func newAuthority() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := template(fmt.Sprintf("authority %d", serial), backdated)
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	return &authority{certificate, key, encode("CERTIFICATE", der)}, err
}

// A certificate with its key, as files hold them.
type pair struct {
	certificate, key []byte
	serial           int64
}

// Signs a certificate for berth's Service whose validity begins this long ago.
func (a *authority) sign(ago time.Duration) (pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair{}, err
	}
	template := template(serverName, ago)
	template.DNSNames = []string{serverName}
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		return pair{}, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	return pair{encode("CERTIFICATE", der), encode("PRIVATE KEY", secret), template.SerialNumber.Int64()}, err
}

func template(name string, ago time.Duration) *x509.Certificate {
	serial++
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-ago),
		NotAfter:     now.Add(24 * time.Hour),
	}
}

func encode(kind string, der []byte) []byte {
	var text bytes.Buffer
	pem.Encode(&text, &pem.Block{Type: kind, Bytes: der})
	return text.Bytes()
}

// Writes a pair into a directory as kubelet writes a mounted Secret: both files change at once, by a symbolic link.
func (p pair) write(directory string) error {
	files := filepath.Join(directory, fmt.Sprint("..", p.serial))
	if err := os.MkdirAll(files, 0o755); err != nil {
		return err
	}
	for name, text := range map[string][]byte{"tls.crt": p.certificate, "tls.key": p.key} {
		if err := os.WriteFile(filepath.Join(files, name), text, 0o600); err != nil {
			return err
		}
		os.Symlink(filepath.Join("..data", name), filepath.Join(directory, name))
	}
	old, _ := os.Readlink(filepath.Join(directory, "..data"))
	link := filepath.Join(directory, "..data.new")
	if err := os.Symlink(filepath.Base(files), link); err != nil {
		return err
	}
	if err := os.Rename(link, filepath.Join(directory, "..data")); err != nil {
		return err
	}
	if old != "" {
		return os.RemoveAll(filepath.Join(directory, old))
	}
	return nil
}
