// The Pulumi provider plugin of Kubernetes, from the public Go module of its release.
//
// The release's own main package embeds two files that its repository makes at build time and does not keep: the
// toolchain passes them to the compiler as an overlay (infra/supply/toolchain/kubernetes-plugin.ts).
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var terraformMapping []byte

func main() {
	provider.Serve("kubernetes", version.Version, schema, terraformMapping)
}
