package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	admission "k8s.io/api/admission/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/util/webhook"
)

// The timeoutSeconds of the webhook's registration.
const timeOut = 2 * time.Second

// The time over the time-out after which an admission counts as lost: that of a busy machine to notice the time-out.
const grace = time.Second

// A pod of a Job, and what it is created as.
const pod = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"chaos","namespace":"demo","labels":{"app":"chaos"},
"ownerReferences":[{"apiVersion":"batch/v1","kind":"Job","name":"chaos","uid":"1","controller":true}]},
"spec":{"containers":[{"name":"main","image":"registry.example/chaos","resources":{"requests":{"cpu":"1","memory":"1Gi"}}}]}}`

// An API server, as far as it calls webhooks: its own client, and the registration that it knows.
type apiServer struct {
	clients webhook.ClientManager
	// The authorities that the registration trusts, in PEM.
	bundle atomic.Pointer[[]byte]
	calls  atomic.Int64
}

// Returns an API server that reaches webhooks by this resolver.
func newAPIServer(resolver webhook.ServiceResolver, bundle []byte) (*apiServer, error) {
	clients, err := webhook.NewClientManager([]schema.GroupVersion{admission.SchemeGroupVersion}, admission.AddToScheme)
	if err != nil {
		return nil, err
	}
	credentials, err := webhook.NewDefaultAuthenticationInfoResolver("")
	if err != nil {
		return nil, err
	}
	clients.SetAuthenticationInfoResolver(credentials)
	clients.SetServiceResolver(resolver)
	server := &apiServer{clients: clients}
	server.bundle.Store(&bundle)
	return server, clients.Validate()
}

// Asks where the pod goes, and returns the patch.
func (server *apiServer) admit(ctx context.Context) ([]byte, error) {
	path, port := "/mutate", int32(443)
	client, err := server.clients.HookClient(webhook.ClientConfig{
		Name:     "pods.placement.truemark.io",
		CABundle: *server.bundle.Load(),
		Service:  &webhook.ClientConfigService{Name: "berth", Namespace: "berth-system", Path: path, Port: port},
	})
	if err != nil {
		return nil, err
	}
	uid := types.UID(fmt.Sprintf("%p-%d", server, server.calls.Add(1)))
	resource := meta.GroupVersionResource{Version: "v1", Resource: "pods"}
	kind := meta.GroupVersionKind{Version: "v1", Kind: "Pod"}
	review := &admission.AdmissionReview{Request: &admission.AdmissionRequest{
		UID: uid, Kind: kind, Resource: resource, RequestKind: &kind, RequestResource: &resource,
		Name: "chaos", Namespace: "demo", Operation: admission.Create,
		Object: runtime.RawExtension{Raw: []byte(pod)},
	}}
	answer := &admission.AdmissionReview{}
	err = client.Post().Body(review).Timeout(timeOut).Do(ctx).Into(answer)
	if err != nil {
		return nil, err
	}
	response := answer.Response
	if response == nil || response.UID != uid || !response.Allowed {
		return nil, errWrong
	}
	return response.Patch, nil
}

var errWrong = fmt.Errorf("an answer to something else")

// The fate of the admissions that began while something happened.
type tally struct {
	answered, failed, lost atomic.Int64
	open                   sync.WaitGroup
	mutex                  sync.Mutex
	// The longest that an admission took, and the last failure to begin.
	longest     time.Duration
	lastFailure time.Time
	// The most that a timer of this program was late. berth had no better share of the machine.
	late time.Duration
	// How often each error was the cause of a failure.
	causes map[string]int
}

func (t *tally) admissions() int64 { return t.answered.Load() + t.failed.Load() + t.lost.Load() }

// Counts an admission that began then and has ended now.
func (t *tally) count(begun time.Time, patch, expected []byte, err error) {
	took := time.Since(begun)
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.longest = max(t.longest, took)
	switch {
	case took > timeOut+grace:
		t.lost.Add(1)
		t.causes["longer than the time-out"]++
	case err == errWrong, err == nil && string(patch) != string(expected):
		t.lost.Add(1)
		t.causes["a wrong answer"]++
	case err != nil:
		t.failed.Add(1)
		t.causes[cause(err)]++
		if begun.After(t.lastFailure) {
			t.lastFailure = begun
		}
	default:
		t.answered.Add(1)
	}
}

// The API servers of a cluster, which admit pods all the time.
type load struct {
	servers  []*apiServer
	expected []byte
	now      atomic.Pointer[tally]
	switched sync.RWMutex
}

// Asks once in quiet for the patch that each answer has to be.
func (l *load) learn() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	patch, err := l.servers[0].admit(ctx)
	if err != nil {
		return err
	}
	var operations []map[string]any
	if err := json.Unmarshal(patch, &operations); err != nil || len(operations) == 0 {
		return fmt.Errorf("no placement: %s", patch)
	}
	l.expected = patch
	return nil
}

// The admissions that an API server begins at once, once a second. They are more than the 25 connections that it keeps idle,
// so that each time it opens some.
const burst = 40

// Admits so many pods a second until the context ends, and the bursts. It waits for no answer before it begins the next.
func (l *load) run(ctx context.Context, perSecond int) {
	ticker := time.NewTicker(time.Second / time.Duration(perSecond))
	defer ticker.Stop()
	for number := 0; ; number++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			l.begin(l.servers[number%len(l.servers)])
			if number%perSecond < len(l.servers) {
				for range burst {
					l.begin(l.servers[number%len(l.servers)])
				}
			}
		}
	}
}

// Begins an admission.
func (l *load) begin(server *apiServer) {
	l.switched.RLock()
	tally := l.now.Load()
	tally.open.Add(1)
	l.switched.RUnlock()
	go func() {
		defer tally.open.Done()
		ctx, cancel := context.WithTimeout(context.Background(), timeOut)
		defer cancel()
		begun := time.Now()
		patch, err := server.admit(ctx)
		tally.count(begun, patch, l.expected, err)
	}()
}

// Notes how late timers are, until the context ends.
func (l *load) watchTimers(ctx context.Context) {
	const interval = 20 * time.Millisecond
	for ctx.Err() == nil {
		begun := time.Now()
		time.Sleep(interval)
		tally := l.now.Load()
		tally.mutex.Lock()
		tally.late = max(tally.late, time.Since(begun)-interval)
		tally.mutex.Unlock()
	}
}

// Counts the admissions from now on anew, and returns their tally.
func (l *load) next() *tally {
	tally := &tally{causes: map[string]int{}}
	l.switched.Lock()
	l.now.Store(tally)
	l.switched.Unlock()
	return tally
}

// Returns the innermost words of an error, without addresses and ids.
func cause(err error) string {
	for {
		inner, ok := err.(interface{ Unwrap() error })
		if !ok || inner.Unwrap() == nil {
			break
		}
		err = inner.Unwrap()
	}
	if _, ok := err.(*url.Error); ok {
		return "url"
	}
	return err.Error()
}
