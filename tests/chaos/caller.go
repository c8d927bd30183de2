package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// A connection that sends requests as they are given, byte for byte. It costs less than an API server's client, so that a load
// leaves the machine to berth.
type caller struct {
	stream net.Conn
	reader *bufio.Reader
}

// Opens a connection to the webhook from an address, with the handshake.
func call(address, from string) (*caller, error) {
	dialer := net.Dialer{Timeout: timeOut, LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	stream, err := dialer.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	secure := tls.Client(stream, &tls.Config{InsecureSkipVerify: true, ServerName: serverName})
	stream.SetDeadline(time.Now().Add(timeOut))
	if err := secure.Handshake(); err != nil {
		stream.Close()
		return nil, err
	}
	return &caller{secure, bufio.NewReader(secure)}, nil
}

// Sends a request, and returns the status of the answer and whether the connection may be used again.
func (c *caller) ask(request []byte) (int, bool, error) {
	c.stream.SetDeadline(time.Now().Add(timeOut))
	if _, err := c.stream.Write(request); err != nil {
		return 0, false, err
	}
	return c.receive()
}

// Reads an answer.
func (c *caller) receive() (status int, stays bool, err error) {
	line, err := c.reader.ReadString('\n')
	if err != nil {
		return 0, false, err
	}
	if _, err := fmt.Sscanf(line, "HTTP/1.1 %d", &status); err != nil {
		return 0, false, err
	}
	length := 0
	stays = true
	for {
		line, err := c.reader.ReadString('\n')
		if err != nil {
			return status, false, err
		}
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch name {
		case "":
			_, err := io.CopyN(io.Discard, c.reader, int64(length))
			return status, stays, err
		case "content-length":
			length, _ = strconv.Atoi(value)
		case "connection":
			stays = value != "close"
		}
	}
}

func (c *caller) close() { c.stream.Close() }

// Returns a request to an endpoint, with a body.
func post(path, body string) []byte {
	return fmt.Appendf(nil, "POST %s?timeout=2s HTTP/1.1\r\nHost: %s:443\r\nUser-Agent: kube-apiserver-admission\r\n"+
		"Content-Length: %d\r\nAccept: application/json\r\nContent-Type: application/json\r\nAccept-Encoding: gzip\r\n\r\n%s",
		path, serverName, len(body), body)
}

// Returns a review of an object.
func review(object string) string {
	return `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"1","kind":{"group":"","version":"v1",` +
		`"kind":"Pod"},"namespace":"demo","operation":"CREATE","object":` + object + `}}`
}

// A pod that takes long to judge: as many terms as berth looks at, each with four numbers to compare.
func largePod() string {
	requirement := func(key, operator, number string) string {
		return fmt.Sprintf(`{"key":"karpenter.k8s.aws/instance-%s","operator":%q,"values":[%q]}`, key, operator, number)
	}
	term := `{"matchExpressions":[` + strings.Join([]string{
		requirement("cpu", "Gt", "2"),
		requirement("memory", "Lt", "99000"),
		requirement("ebs-bandwidth", "Gt", "1000"),
		requirement("network-bandwidth", "Gt", "1000"),
	}, ",") + `]}`
	terms := term + strings.Repeat(","+term, 255)
	return `{"metadata":{"name":"large"},"spec":{"containers":[{"name":"main"}],"affinity":{"nodeAffinity":` +
		`{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[` + terms + `]}}}}}`
}
