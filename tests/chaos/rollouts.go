package main

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// The plan of a run.
type plan struct {
	berth, clock, directory string
	long, namespaces        bool
	perSecond               int
	span, siege             time.Duration
	// A part of the names of the attacks to run.
	only string
	// The time for which a vanished node stays away after it has lost its endpoint.
	gone    time.Duration
	network network
}

// How often each thing happens.
type times struct{ restarts, certificates, authorities, kills, vanishings int }

// Runs two clusters beside each other, of two and of three replicas, and a third one whose clocks are wrong.
func (p *plan) rollouts() ([]verdict, error) {
	times := times{restarts: 3, certificates: 5, authorities: 1, kills: 2, vanishings: 1}
	p.perSecond, p.gone = 50, 5*time.Second
	if p.long {
		times.restarts, times.certificates, times.authorities, times.kills, times.vanishings = 100, 100, 10, 20, 10
		p.perSecond, p.gone = 100, 15*time.Second
	}
	p.network.namespaces = p.namespaces
	if err := p.network.setUp(); err != nil {
		return nil, err
	}
	halfAnHour := int((30 * time.Minute).Seconds())
	var clusters []*cluster
	defer func() {
		for _, cluster := range clusters {
			cluster.stop()
		}
	}()
	for _, start := range []struct {
		name   string
		clocks []int
	}{{"two", []int{0, 0}}, {"three", []int{0, 0, 0}}, {"clocks", []int{-halfAnHour, 0, halfAnHour}}} {
		cluster, err := p.start(start.name, start.clocks...)
		if cluster != nil {
			clusters = append(clusters, cluster)
		}
		if err != nil {
			return nil, err
		}
	}
	var running sync.WaitGroup
	errs := make([]error, len(clusters))
	running.Go(func() { errs[0] = clusters[0].suffer(times) })
	running.Go(func() { errs[1] = clusters[1].suffer(times) })
	running.Go(func() { errs[2] = clusters[2].disagree(times) })
	running.Wait()
	var rows []row
	var verdicts []verdict
	late := time.Duration(0)
	for _, cluster := range clusters {
		rows = append(rows, cluster.rows...)
		late = max(late, cluster.late)
	}
	printTable(rows)
	fmt.Printf("\nAdmissions failed for up to %s after a vanished node had lost its endpoint.\n", late.Round(10*time.Millisecond))
	for _, row := range rows {
		verdicts = append(verdicts, row.verdict())
	}
	return verdicts, errors.Join(errs...)
}

// What happens in a cluster whose clocks are right.
func (c *cluster) suffer(times times) error {
	return inOrder(
		func() error {
			return c.observe("quiet", none, 1, func() error { time.Sleep(time.Second); return nil })
		},
		func() error { return c.observe("rolling restart", none, times.restarts, c.restart) },
		func() error {
			return c.observe("rotation of the certificate", none, times.certificates, c.rotateCertificate)
		},
		func() error {
			return c.observe("rotation of the authority", none, times.authorities, c.rotateAuthority)
		},
		func() error { return c.observe("replica killed", some, times.kills, c.kill) },
		func() error { return c.observe(c.plan.vanishing(), some, times.vanishings, c.vanish) },
	)
}

// What happens in a cluster whose clocks differ by half an hour each. A certificate that begins now is not yet valid for the
// first replica, which goes on with the one that it has.
func (c *cluster) disagree(times times) error {
	return inOrder(
		func() error { return c.observe("clocks off: rolling restart", none, times.restarts/3, c.restart) },
		func() error {
			return c.observe("clocks off: rotation of the certificate", none, times.certificates/3, c.rotateCertificate)
		},
		func() error {
			return c.observe("clocks off: rotation of the authority", none, times.authorities, c.rotateAuthority)
		},
		func() error {
			return c.observe("clocks off: certificate from now on", none, times.certificates/3, c.rotateToFresh)
		},
	)
}

func (p *plan) vanishing() string {
	if p.namespaces {
		return "node vanished"
	}
	return "replica stopped"
}

func inOrder(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
