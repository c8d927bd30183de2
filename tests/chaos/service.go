package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"sync"
	"time"
)

// The longest that a change of readiness takes to reach the nodes: probe, EndpointSlice and kube-proxy.
const propagation = 700 * time.Millisecond

// The time after which a node that does not answer any more loses its endpoints. A real cluster takes some 50 s.
const nodeGrace = 5 * time.Second

// The Service in front of the replicas. As kube-proxy does, it takes an endpoint for each connection when that is opened; a
// connection that is open keeps its endpoint.
type service struct {
	replicas []*replica
	mutex    sync.RWMutex
	ready    map[*replica]bool
}

// Returns an endpoint. It makes the service a `webhook.ServiceResolver`, which the client asks for each connection.
func (s *service) ResolveEndpoint(string, string, int32) (*url.URL, error) {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	var ready []*replica
	for _, replica := range s.replicas {
		if s.ready[replica] {
			ready = append(ready, replica)
		}
	}
	if len(ready) == 0 {
		return nil, errors.New("no endpoints")
	}
	address := ready[rand.IntN(len(ready))].node.address
	return &url.URL{Scheme: "https", Host: net.JoinHostPort(address, webhookPort)}, nil
}

// Follows the readiness of the replicas until the context ends.
func (s *service) follow(ctx context.Context) {
	for _, replica := range s.replicas {
		go s.followOne(ctx, replica)
	}
}

func (s *service) followOne(ctx context.Context, replica *replica) {
	last, answered := false, time.Now()
	for ctx.Err() == nil {
		ready, err := replica.isReady()
		if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
			// Nobody knows how a node is that does not answer.
			ready = last && time.Since(answered) < nodeGrace
		} else {
			answered = time.Now()
		}
		if ready != last {
			last = ready
			time.Sleep(rand.N(propagation))
			s.set(replica, ready)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (s *service) set(replica *replica, ready bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.ready[replica] = ready
}

func (s *service) isEndpoint(replica *replica) bool {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	return s.ready[replica]
}

// Waits until a replica is among the endpoints, or is not.
func (s *service) await(replica *replica, present bool) error {
	return await(replica.node.name+" to change in the endpoints", func() bool { return s.isEndpoint(replica) == present })
}
