// The part of cert-manager that an installation of berth needs, as one program: the controllers that issue and renew
// certificates, and the injector that writes their CA into webhook configurations. cert-manager publishes these as
// packages alone: the modules of its own commands come only with its source.
//
// KUBECONFIG names the cluster. It listens nowhere, elects no leader and ends when it is killed.
package main

import (
	"context"
	"log"
	"os"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kubernetes "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/klog/v2"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	controllerruntime "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	certmanager "github.com/cert-manager/cert-manager/pkg/client/clientset/versioned/scheme"
	"github.com/cert-manager/cert-manager/pkg/controller"
	"github.com/cert-manager/cert-manager/pkg/controller/cainjector"
	"github.com/cert-manager/cert-manager/pkg/util"

	// Each makes itself known to `controller.Known`.
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/approver"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/ca"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/selfsigned"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/issuing"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/keymanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/readiness"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/requestmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/revisionmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/trigger"
	_ "github.com/cert-manager/cert-manager/pkg/controller/issuers"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/ca"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/selfsigned"
)

func main() {
	controllerruntime.SetLogger(klog.Background())
	ctx := controllerruntime.SetupSignalHandler()
	var running sync.WaitGroup
	for _, run := range append(controllers(ctx), injector(ctx)) {
		running.Go(func() { check(run(ctx)) })
	}
	running.Wait()
}

// What issues and renews certificates. The controllers share what they watch, which starts when all of them are there.
func controllers(ctx context.Context) []func(context.Context) error {
	factory, err := controller.NewContextFactory(ctx, controller.ContextOptions{Kubeconfig: os.Getenv("KUBECONFIG")})
	check(err)
	var run []func(context.Context) error
	for _, construct := range controller.Known() {
		constructed, err := construct(factory)
		check(err)
		run = append(run, func(ctx context.Context) error { return constructed.Run(1, ctx) })
	}
	shared, err := factory.Build()
	check(err)
	shared.SharedInformerFactory.Start(ctx.Done())
	shared.KubeSharedInformerFactory.Start(ctx.Done())
	return run
}

// What writes a CA into webhook configurations.
func injector(ctx context.Context) func(context.Context) error {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		kubernetes.AddToScheme, certmanager.AddToScheme, apiextensions.AddToScheme, apiregistration.AddToScheme,
	} {
		check(add(scheme))
	}
	config := util.RestConfigWithUserAgent(controllerruntime.GetConfigOrDie(), "cainjector")
	manager, err := controllerruntime.NewManager(config, controllerruntime.Options{
		Scheme:  scheme,
		Metrics: server.Options{BindAddress: "0"},
		// As its own command has it: Secrets are watched by their metadata alone, and read one by one.
		Client: client.Options{Cache: &client.CacheOptions{DisableFor: []client.Object{&corev1.Secret{}}}},
	})
	check(err)
	check(cainjector.RegisterAllInjectors(ctx, manager, cainjector.SetupOptions{
		EnableCertificatesDataSource: true,
		EnabledReconcilersFor: map[string]bool{
			cainjector.MutatingWebhookConfigurationName:   true,
			cainjector.ValidatingWebhookConfigurationName: true,
		},
	}))
	return manager.Start
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
