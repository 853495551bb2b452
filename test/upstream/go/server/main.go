// Server is an API server made of Kubernetes' own library for API servers, of 1.36, over etcd: its handlers, watch
// cache, server-side apply, priority and fairness, discovery and OpenAPI, with the types of k8s.io/api. What belongs to
// kube-apiserver itself and is in no library is not there: validation, most defaults, admission, bootstrap roles.
// Client certificates tell who asks; everybody known may do everything.
package main

import (
	"context"
	"flag"
	"net"
	"os/signal"
	"syscall"

	"kubernetes.test/openapi"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/request/x509"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	definitions "k8s.io/apiserver/pkg/endpoints/openapi"
	"k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/apiserver/pkg/server/options"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/util/compatibility"
	"k8s.io/apiserver/pkg/util/flowcontrol"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
)

type flags struct {
	etcd, cert, key, clientCA string
	port                      int
}

func main() {
	var given flags
	flag.StringVar(&given.etcd, "etcd", "", "its address")
	flag.StringVar(&given.cert, "tls-cert-file", "", "of the server")
	flag.StringVar(&given.key, "tls-private-key-file", "", "of the server")
	flag.StringVar(&given.clientCA, "client-ca-file", "", "who signs the certificates of clients")
	flag.IntVar(&given.port, "port", 0, "to serve on, of 127.0.0.1")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	config := configOf(given)
	api := must(config.Complete().New("kubernetes", server.NewEmptyDelegate()))
	install(api, config.RESTOptionsGetter)
	client := kubernetes.NewForConfigOrDie(config.LoopbackClientConfig)
	succeed(api.AddPostStartHook("namespaces", func(hook server.PostStartHookContext) error {
		return makeNamespaces(hook, client)
	}))
	succeed(api.PrepareRun().RunWithContext(ctx))
}

func configOf(given flags) *server.RecommendedConfig {
	config := server.NewRecommendedConfig(codecs)
	config.EffectiveVersion = compatibility.DefaultBuildEffectiveVersion()
	namer := definitions.NewDefinitionNamer(scheme)
	config.OpenAPIConfig = server.DefaultOpenAPIConfig(openapi.GetOpenAPIDefinitions, namer)
	config.OpenAPIV3Config = server.DefaultOpenAPIV3Config(openapi.GetOpenAPIDefinitions, namer)
	config.OpenAPIConfig.Info.Title, config.OpenAPIV3Config.Info.Title = "Kubernetes", "Kubernetes"

	backend := storagebackend.NewDefaultConfig("/registry", codecs.LegacyCodec(versions...))
	backend.Transport.ServerList = []string{given.etcd}
	succeed(options.NewEtcdOptions(backend).ApplyTo(&config.Config))

	serving := options.NewSecureServingOptions().WithLoopback()
	serving.BindAddress, serving.BindPort = net.ParseIP("127.0.0.1"), given.port
	serving.ServerCert.CertKey = options.CertKey{CertFile: given.cert, KeyFile: given.key}
	succeed(serving.ApplyTo(&config.SecureServing, &config.LoopbackClientConfig))

	authority := must(dynamiccertificates.NewDynamicCAContentFromFile("clients", given.clientCA))
	succeed(config.Authentication.ApplyClientCert(authority, config.SecureServing))
	config.Authentication.Authenticator = x509.NewDynamic(authority.VerifyOptions, x509.CommonNameUserConversion)
	config.Authentication.APIAudiences = authenticator.Audiences{"kubernetes"}
	config.Authorization.Authorizer = authorizerfactory.NewAlwaysAllowAuthorizer()

	client := kubernetes.NewForConfigOrDie(config.LoopbackClientConfig)
	config.SharedInformerFactory = informers.NewSharedInformerFactory(client, 0)
	requests := config.MaxRequestsInFlight + config.MaxMutatingRequestsInFlight
	config.FlowControl = flowcontrol.New(config.SharedInformerFactory, client.FlowcontrolV1(), requests)
	return config
}

// makeNamespaces are those that a kube-apiserver makes when it starts.
func makeNamespaces(ctx context.Context, client kubernetes.Interface) error {
	for _, name := range []string{"default", "kube-system", "kube-public", "kube-node-lease"} {
		namespace := &core.Namespace{ObjectMeta: meta.ObjectMeta{Name: name}}
		_, err := client.CoreV1().Namespaces().Create(ctx, namespace, meta.CreateOptions{})
		if err != nil && !errors.IsAlreadyExists(err) {
			return err
		}
	}
	return nil
}

func must[T any](value T, err error) T {
	succeed(err)
	return value
}

func succeed(err error) {
	if err != nil {
		panic(err)
	}
}
