// A webhook as most are written in Go: controller-runtime decodes the pod into its type, a defaulter changes it, and the
// patch is the difference of the two as JSON. What it adds to a pod stands in a file, as a pod.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"maps"
	"net"
	"os"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager/signals"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

func main() {
	address := flag.String("listen", "", "the `address` to serve at")
	certificates := flag.String("certificates", "", "the `directory` of tls.crt and tls.key")
	additionsFile := flag.String("additions", "", "the `file` of the pod whose labels, annotations, node selector and affinity it adds")
	flag.Parse()
	log.SetLogger(klog.Background())

	text, err := os.ReadFile(*additionsFile)
	check(err)
	var added placement
	check(json.Unmarshal(text, &added.additions))
	host, portText, err := net.SplitHostPort(*address)
	check(err)
	port, err := strconv.Atoi(portText)
	check(err)
	server := webhook.NewServer(webhook.Options{Host: host, Port: port, CertDir: *certificates})
	server.Register("/mutate", admission.WithDefaulter(scheme.Scheme, &added))
	check(server.Start(signals.SetupSignalHandler()))
}

// placement adds the same to every pod.
type placement struct {
	additions corev1.Pod
}

func (p *placement) Default(_ context.Context, pod *corev1.Pod) error {
	added := &p.additions
	pod.Labels = merged(pod.Labels, added.Labels)
	pod.Annotations = merged(pod.Annotations, added.Annotations)
	pod.Spec.NodeSelector = merged(pod.Spec.NodeSelector, added.Spec.NodeSelector)
	pod.Spec.Affinity = added.Spec.Affinity.DeepCopy()
	return nil
}

func merged(into, from map[string]string) map[string]string {
	if into == nil {
		return maps.Clone(from)
	}
	maps.Copy(into, from)
	return into
}

func check(err error) {
	if err != nil {
		klog.Fatal(err)
	}
}
