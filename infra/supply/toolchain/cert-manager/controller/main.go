// Command controller runs cert-manager's controllers for certificates, requests, and the issuers SelfSigned and CA.
//
// Upstream's main is a module of its own that the Go module proxy does not serve; this one wires the same
// libraries. The issuers ACME, Vault and Venafi reach out of the cluster and are left out.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	logsapi "k8s.io/component-base/logs/api/v1"

	_ "github.com/cert-manager/cert-manager/internal/controller/feature"
	"github.com/cert-manager/cert-manager/pkg/controller"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificate-shim/ingresses"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/approver"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/ca"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/selfsigned"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/issuing"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/keymanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/metrics"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/readiness"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/requestmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/revisionmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/trigger"
	_ "github.com/cert-manager/cert-manager/pkg/controller/clusterissuers"
	_ "github.com/cert-manager/cert-manager/pkg/controller/issuers"
	"github.com/cert-manager/cert-manager/pkg/healthz"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/ca"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/selfsigned"
	logf "github.com/cert-manager/cert-manager/pkg/logs"
	utilfeature "github.com/cert-manager/cert-manager/pkg/util/feature"
)

const workers = 5

// election is how replicas agree on the one that works.
type election struct {
	enabled                                   bool
	namespace                                 string
	leaseDuration, renewDeadline, retryPeriod time.Duration
}

// settings are the flags that the chart passes.
type settings struct {
	options          controller.ContextOptions
	election         election
	metrics, healthz string
	disabled         sets.Set[string]
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	settings, err := parse(arguments)
	if err != nil {
		return err
	}
	ctx = logf.NewContext(ctx, logf.Log, "controller")
	factory, err := controller.NewContextFactory(ctx, settings.options)
	if err != nil {
		return err
	}
	shared, err := factory.Build()
	if err != nil {
		return err
	}

	group, ctx := errgroup.WithContext(ctx)
	metricsListener, err := net.Listen("tcp", settings.metrics)
	if err != nil {
		return err
	}
	serve(ctx, group, shared.Metrics.NewServer(metricsListener), metricsListener)

	health := healthz.NewServer(20 * time.Second)
	healthListener, err := net.Listen("tcp", settings.healthz)
	if err != nil {
		return err
	}
	group.Go(func() error { return health.Start(ctx, healthListener) })

	group.Go(func() error {
		return elect(ctx, settings.election, shared, health, func(ctx context.Context) error {
			return control(ctx, factory, shared, settings.disabled)
		})
	})
	return group.Wait()
}

func parse(arguments []string) (*settings, error) {
	s := &settings{disabled: sets.New[string]()}
	logging := logsapi.NewLoggingConfiguration()
	flags := pflag.NewFlagSet("controller", pflag.ContinueOnError)
	logf.AddFlags(logging, flags)

	o := &s.options
	o.KubernetesAPIQPS, o.KubernetesAPIBurst = 20, 50
	o.CertificateRequestMinimumBackoffDuration = time.Hour
	o.DefaultAutoCertificateAnnotations = []string{"kubernetes.io/tls-acme"}
	o.CopiedAnnotationPrefixes = []string{"*", "-kubectl.kubernetes.io/", "-fluxcd.io/", "-argocd.argoproj.io/"}
	flags.StringVar(&o.Kubeconfig, "kubeconfig", "", "kubeconfig; the pod's service account without one")
	flags.StringVar(&o.Namespace, "namespace", "", "only namespace to work in")
	flags.StringVar(&o.ClusterResourceNamespace, "cluster-resource-namespace", "kube-system", "namespace of the secrets of cluster issuers")
	flags.BoolVar(&o.EnableOwnerRef, "enable-certificate-owner-ref", false, "whether a secret goes with its certificate")
	flags.StringVar(&o.DefaultIssuerName, "default-issuer-name", "", "issuer of ingresses that name none")
	flags.StringVar(&o.DefaultIssuerKind, "default-issuer-kind", "Issuer", "its kind")
	flags.StringVar(&o.DefaultIssuerGroup, "default-issuer-group", "cert-manager.io", "its group")
	flags.StringVar(&s.metrics, "metrics-listen-address", "0.0.0.0:9402", "address of the metrics")
	flags.StringVar(&s.healthz, "healthz-listen-address", "0.0.0.0:9403", "address of /livez")

	e := &s.election
	flags.BoolVar(&e.enabled, "leader-elect", true, "whether replicas elect one that works")
	flags.StringVar(&e.namespace, "leader-election-namespace", "kube-system", "namespace of the lease")
	flags.DurationVar(&e.leaseDuration, "leader-election-lease-duration", 60*time.Second, "life of the lease")
	flags.DurationVar(&e.renewDeadline, "leader-election-renew-deadline", 40*time.Second, "time to renew it")
	flags.DurationVar(&e.retryPeriod, "leader-election-retry-period", 15*time.Second, "time between attempts")

	controllers := flags.StringSlice("controllers", nil, "controllers not to run, each after a dash")
	gates := flags.String("feature-gates", "", "feature gates, as name=bool")
	// The chart passes these for the issuer ACME.
	flags.String("acme-http01-solver-image", "", "without effect here")
	flags.Int("max-concurrent-challenges", 60, "without effect here")

	if err := flags.Parse(arguments); err != nil {
		return nil, err
	}
	for _, name := range *controllers {
		if len(name) > 1 && name[0] == '-' {
			s.disabled.Insert(name[1:])
		}
	}
	if err := utilfeature.DefaultMutableFeatureGate.Set(*gates); err != nil {
		return nil, err
	}
	return s, logf.ValidateAndApply(logging)
}

// control runs every controller that this binary has, until one fails or the context ends.
func control(ctx context.Context, factory *controller.ContextFactory, shared *controller.Context, disabled sets.Set[string]) error {
	log := logf.FromContext(ctx)
	group, ctx := errgroup.WithContext(ctx)
	for name, construct := range controller.Known() {
		if disabled.Has(name) {
			continue
		}
		each, err := construct(factory)
		if err != nil {
			return fmt.Errorf("controller %s: %w", name, err)
		}
		group.Go(func() error {
			log.V(logf.InfoLevel).Info("starting controller", "controller", name)
			return each.Run(workers, ctx)
		})
	}
	// The informers know what to watch once all controllers are made.
	shared.SharedInformerFactory.Start(ctx.Done())
	shared.KubeSharedInformerFactory.Start(ctx.Done())
	shared.HTTP01ResourceMetadataInformersFactory.Start(ctx.Done())
	return group.Wait()
}

func elect(ctx context.Context, e election, shared *controller.Context, health *healthz.Server, work func(context.Context) error) error {
	if !e.enabled {
		return work(ctx)
	}
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	lock, err := resourcelock.NewFromKubeconfig(resourcelock.LeasesResourceLock, e.namespace, "cert-manager-controller",
		resourcelock.ResourceLockConfig{Identity: host + "-external-cert-manager-controller"}, shared.RESTConfig, e.renewDeadline)
	if err != nil {
		return err
	}
	result := make(chan error, 1)
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock:            lock,
		LeaseDuration:   e.leaseDuration,
		RenewDeadline:   e.renewDeadline,
		RetryPeriod:     e.retryPeriod,
		ReleaseOnCancel: true,
		WatchDog:        health.LeaderHealthzAdaptor,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(ctx context.Context) { result <- work(ctx) },
			OnStoppedLeading: func() {
				select {
				case result <- fmt.Errorf("the lease was lost"):
				default:
				}
			},
		},
	})
	if err != nil {
		return err
	}
	// A controller that fails ends the election, and with it the process.
	electing, stop := context.WithCancel(ctx)
	defer stop()
	go elector.Run(electing)
	select {
	case err := <-result:
		if ctx.Err() != nil {
			return nil
		}
		return err
	case <-ctx.Done():
		return nil
	}
}

func serve(ctx context.Context, group *errgroup.Group, server *http.Server, listener net.Listener) {
	group.Go(func() error {
		if err := server.Serve(listener); err != http.ErrServerClosed {
			return err
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		return server.Close()
	})
}
