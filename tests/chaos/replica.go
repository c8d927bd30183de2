package main

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// The ports of a replica.
const (
	webhookPort = "8443"
	opsPort     = "8080"
)

// The time that a replica goes on serving after SIGTERM. The endpoints change sooner.
const drain = 1500 * time.Millisecond

// A replica of berth on a node of its own.
type replica struct {
	plan      *plan
	node      node
	directory string
	// The seconds by which its clock is wrong.
	clockOff int
	process  *exec.Cmd
	ended    chan error
}

func (r *replica) start() error {
	log, err := os.OpenFile(r.directory+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	arguments := []string{
		r.plan.berth, "serve", "--drain", drain.String(), "--tls-poll-interval", "300ms",
		"--listen", net.JoinHostPort(r.node.address, webhookPort), "--ops-listen", net.JoinHostPort(r.node.address, opsPort),
		"--tls-cert", filepath.Join(r.directory, "tls.crt"), "--tls-key", filepath.Join(r.directory, "tls.key"),
	}
	arguments = append(r.node.command(), arguments...)
	process := exec.Command(arguments[0], arguments[1:]...)
	process.Stdout, process.Stderr = log, log
	process.Env = os.Environ()
	if r.clockOff != 0 {
		process.Env = append(process.Env, "LD_PRELOAD="+r.plan.clock, fmt.Sprint("CLOCK_OFFSET=", r.clockOff))
	}
	if err := process.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- process.Wait() }()
	r.process, r.ended = process, ended
	return nil
}

// Drains the replica and waits for its end.
func (r *replica) stop() error {
	if err := r.process.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case err := <-r.ended:
		return err
	case <-time.After(30 * time.Second):
		r.kill()
		return fmt.Errorf("%s did not end within 30 s of SIGTERM", r.node.name)
	}
}

// Ends the replica at once, with all that it was doing.
func (r *replica) kill() {
	r.process.Process.Kill()
	<-r.ended
}

var probes = http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// Reports whether kubelet would find the replica ready. An error says that it gave no answer at all.
func (r *replica) isReady() (bool, error) {
	answer, err := probes.Get("http://" + net.JoinHostPort(r.node.address, opsPort) + "/readyz")
	if err != nil {
		return false, err
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK, nil
}

// Says what is wrong unless the replica's clock is as wrong as it should be.
func (r *replica) checkClock() error {
	answer, err := probes.Get("http://" + net.JoinHostPort(r.node.address, opsPort) + "/readyz")
	if err != nil {
		return err
	}
	answer.Body.Close()
	said, err := http.ParseTime(answer.Header.Get("Date"))
	if err != nil {
		return err
	}
	if off := time.Until(said) - time.Duration(r.clockOff)*time.Second; off.Abs() > 5*time.Second {
		return fmt.Errorf("the clock of %s is %s, not %d s from this one", r.node.name, time.Until(said), r.clockOff)
	}
	return nil
}

// Waits until the replica serves a certificate.
func (r *replica) awaitCertificate(serial int64) error {
	dialer := net.Dialer{Timeout: time.Second}
	config := &tls.Config{InsecureSkipVerify: true, ServerName: serverName}
	return await(fmt.Sprintf("%s to serve certificate %d", r.node.name, serial), func() bool {
		connection, err := tls.DialWithDialer(&dialer, "tcp", net.JoinHostPort(r.node.address, webhookPort), config)
		if err != nil {
			return false
		}
		defer connection.Close()
		return connection.ConnectionState().PeerCertificates[0].SerialNumber.Int64() == serial
	})
}

// Waits until something holds, for half a minute at most.
func await(thing string, holds func() bool) error {
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("waited 30 s for %s", thing)
		}
	}
	return nil
}

// Cuts the replica's node off, or connects it again. Without namespaces the process stops, which is the nearest thing: its
// machine still takes connections and acknowledges bytes.
func (r *replica) connect(connected bool) error {
	if r.plan.namespaces {
		return r.node.connect(connected)
	}
	if connected {
		return r.process.Process.Signal(syscall.SIGCONT)
	}
	return r.process.Process.Signal(syscall.SIGSTOP)
}
