package main

import (
	"fmt"
	"os/exec"
	"strings"
)

// A node: a network namespace of its own on a bridge, or, without namespaces, an address of the loopback.
type node struct {
	name    string
	address string
	port    string
}

// The network of the nodes. The program itself stands where the control plane does.
type network struct {
	namespaces bool
	nodes      int
}

// The addresses are of the range for documentation, which no host has; from here no way leads out of the namespaces.
const (
	bridge         = "nodes"
	bridgeHardware = "02:00:00:00:00:fe"
	ownAddress     = "192.0.2.254"
)

func (n *network) setUp() error {
	if !n.namespaces {
		return nil
	}
	return ip(
		"link add "+bridge+" address "+bridgeHardware+" type bridge",
		"addr add "+ownAddress+"/24 dev "+bridge,
		// A bridge without a port that is up has no carrier, and says so to whoever sends: nodes would not vanish silently.
		"link add name spare type veth peer name spare-end",
		"link set spare-end up",
		"link set spare master "+bridge+" up",
		"link set "+bridge+" up",
	)
}

// Adds a node. Each side knows the other's hardware address for good, since a failing ARP would be an error at once.
func (n *network) add() (node, error) {
	n.nodes++
	if !n.namespaces {
		return node{name: fmt.Sprint("node", n.nodes), address: fmt.Sprint("127.0.0.", 10+n.nodes)}, nil
	}
	added := node{name: fmt.Sprint("node", n.nodes), address: fmt.Sprint("192.0.2.", n.nodes), port: fmt.Sprint("port", n.nodes)}
	hardware := fmt.Sprintf("02:00:00:00:00:%02x", n.nodes)
	inside := "-netns " + added.name + " "
	return added, ip(
		"netns add "+added.name,
		"link add "+added.port+" type veth peer name eth0 address "+hardware+" netns "+added.name,
		"link set "+added.port+" master "+bridge+" up",
		inside+"link set lo up",
		inside+"addr add "+added.address+"/24 dev eth0",
		inside+"link set eth0 up",
		inside+"neigh replace "+ownAddress+" lladdr "+bridgeHardware+" nud permanent dev eth0",
		"neigh replace "+added.address+" lladdr "+hardware+" nud permanent dev "+bridge,
	)
}

// The words before a command that make it run on the node.
func (n node) command() []string {
	if n.port == "" {
		return nil
	}
	return []string{"ip", "netns", "exec", n.name}
}

// Lets all packets to and from the node be dropped, or arrive again.
func (n node) connect(connected bool) error {
	state := "down"
	if connected {
		state = "up"
	}
	return ip("link set " + n.port + " " + state)
}

func ip(commands ...string) error {
	for _, command := range commands {
		if said, err := exec.Command("ip", strings.Fields(command)...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", command, err, said)
		}
	}
	return nil
}
