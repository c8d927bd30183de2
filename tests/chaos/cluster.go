package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// A cluster: two API servers, and berth's replicas behind its Service.
type cluster struct {
	plan      *plan
	service   *service
	load      *load
	authority *authority
	rows      []row
	// The longest that admissions still failed after a vanished node had lost its endpoint.
	late time.Duration
	end  context.CancelFunc
}

// Starts a cluster with a replica for each clock, which is given by the seconds that it is wrong.
func (p *plan) start(name string, clocks ...int) (*cluster, error) {
	authority, err := newAuthority()
	if err != nil {
		return nil, err
	}
	ctx, end := context.WithCancel(context.Background())
	c := &cluster{plan: p, service: &service{ready: map[*replica]bool{}}, load: &load{}, authority: authority, end: end}
	for number, off := range clocks {
		node, err := p.network.add()
		if err != nil {
			return nil, err
		}
		directory := filepath.Join(p.directory, fmt.Sprintf("%s-%d", name, number+1))
		if err := os.MkdirAll(directory, 0o755); err != nil {
			return nil, err
		}
		c.service.replicas = append(c.service.replicas, &replica{plan: p, node: node, directory: directory, clockOff: off})
	}
	if err := c.write(backdated, 0); err != nil {
		return c, err
	}
	c.service.follow(ctx)
	for _, replica := range c.service.replicas {
		if err := replica.start(); err != nil {
			return c, err
		}
	}
	for _, replica := range c.service.replicas {
		if err := c.service.await(replica, true); err != nil {
			return c, err
		}
		if err := replica.checkClock(); err != nil {
			return c, err
		}
	}
	for range 2 {
		server, err := newAPIServer(c.service, authority.pem)
		if err != nil {
			return c, err
		}
		c.load.servers = append(c.load.servers, server)
	}
	if err := c.load.learn(); err != nil {
		return c, err
	}
	c.load.next()
	go c.load.run(ctx, p.perSecond)
	go c.load.watchTimers(ctx)
	return c, nil
}

// Ends the load and the replicas.
func (c *cluster) stop() {
	c.end()
	for _, replica := range c.service.replicas {
		if replica.process != nil {
			replica.process.Process.Signal(syscall.SIGCONT)
			replica.kill()
		}
	}
}

// Lets something happen so many times, and adds the row of all admissions meanwhile. A second before and after belongs to it.
func (c *cluster) observe(name string, allowed failures, times int, happen func() error) error {
	tally := c.load.next()
	time.Sleep(time.Second)
	for number := range times {
		if err := happen(); err != nil {
			return fmt.Errorf("%s, number %d: %w", name, number+1, err)
		}
	}
	time.Sleep(time.Second)
	c.load.next()
	tally.open.Wait()
	c.rows = append(c.rows, newRow(name, len(c.service.replicas), times, allowed, tally))
	return nil
}

// Restarts one replica after another. Each drains while the others serve; the next waits for it to be an endpoint again.
func (c *cluster) restart() error {
	for _, replica := range c.service.replicas {
		if err := replica.stop(); err != nil {
			return err
		}
		if err := c.service.await(replica, false); err != nil {
			return err
		}
		if err := replica.start(); err != nil {
			return err
		}
		if err := c.service.await(replica, true); err != nil {
			return err
		}
	}
	return nil
}

// Signs a certificate whose validity begins this long ago, and writes it for each replica, at its own time within the spread.
// It waits until each replica for which it is valid serves it.
func (c *cluster) write(ago, spread time.Duration) error {
	pair, err := c.authority.sign(ago)
	if err != nil {
		return err
	}
	var writing sync.WaitGroup
	errs := make([]error, len(c.service.replicas))
	for number, replica := range c.service.replicas {
		writing.Go(func() {
			if spread > 0 {
				time.Sleep(rand.N(spread))
			}
			errs[number] = pair.write(replica.directory)
			isValidThere := time.Duration(replica.clockOff)*time.Second >= -ago
			if errs[number] != nil || replica.process == nil || !isValidThere {
				return
			}
			errs[number] = replica.awaitCertificate(pair.serial)
		})
	}
	writing.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *cluster) rotateCertificate() error { return c.write(backdated, time.Second) }

// Rotates to a certificate whose validity begins now, as cert-manager makes them.
func (c *cluster) rotateToFresh() error { return c.write(fresh, time.Second) }

// Rotates the authority: the API servers trust both, then each replica serves a certificate of the new one, then the API
// servers forget the old one. Each API server learns of a change at its own time.
func (c *cluster) rotateAuthority() error {
	old := c.authority
	next, err := newAuthority()
	if err != nil {
		return err
	}
	c.tell(append(append([]byte{}, old.pem...), next.pem...))
	c.authority = next
	if err := c.rotateCertificate(); err != nil {
		return err
	}
	c.tell(next.pem)
	time.Sleep(time.Second)
	return nil
}

func (c *cluster) tell(bundle []byte) {
	var telling sync.WaitGroup
	for _, server := range c.load.servers {
		telling.Go(func() {
			time.Sleep(rand.N(time.Second))
			server.bundle.Store(&bundle)
		})
	}
	telling.Wait()
}

// Kills a replica, and starts it again two seconds later.
func (c *cluster) kill() error {
	replica := c.any()
	replica.kill()
	time.Sleep(2 * time.Second)
	if err := replica.start(); err != nil {
		return err
	}
	if err := c.service.await(replica, true); err != nil {
		return err
	}
	// The failures of the next one are its own.
	time.Sleep(time.Second)
	return nil
}

// Lets a replica's node vanish, until its endpoint has been gone for a while, and come back.
func (c *cluster) vanish() error {
	replica := c.any()
	if err := replica.connect(false); err != nil {
		return err
	}
	if err := c.service.await(replica, false); err != nil {
		return err
	}
	gone, tally := time.Now(), c.load.now.Load()
	time.Sleep(c.plan.gone)
	tally.mutex.Lock()
	c.late = max(c.late, tally.lastFailure.Sub(gone))
	tally.mutex.Unlock()
	if err := replica.connect(true); err != nil {
		return err
	}
	return c.service.await(replica, true)
}

func (c *cluster) any() *replica { return c.service.replicas[rand.IntN(len(c.service.replicas))] }
