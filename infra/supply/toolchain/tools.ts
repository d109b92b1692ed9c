import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import {
  containerdRelease,
  etcdRelease,
  kubernetesRelease,
  pulumiRelease,
  type Release,
  releases,
} from "./releases";

/** A program of this machine: fetched as its project releases it, or built from its pinned public module. */
export interface Tool {
  /** Name of the executable, unique in the table. */
  readonly binary: string;
  /** Group of binaries of one version: folder of the Go module beside this file. */
  readonly tool: string;
  /** Folder of the Go module, for a second version of a tool. */
  readonly folder?: string;
  readonly source: GoSource;
  /**
   * Release published by the project. Absent where the program is only needed in an image, which is then pulled, or
   * where Pulumi downloads it itself.
   */
  readonly release?: Release;
  /** Tools whose binaries lie in one folder with this one's, for programs that look beside themselves. */
  readonly together?: readonly string[];
  /** Minutes of a cold build on two cores, from which the time left is estimated. */
  readonly minutes: number;
}

/** A main package of a Go module that `tool`'s go.mod pins. */
export interface GoSource {
  readonly module: string;
  readonly package: string;
  readonly tags?: readonly string[];
  /** Variables that carry the version; releases set them the same way. */
  readonly stamps?: Readonly<Record<string, string>>;
  /** Whether the main package is a file of ours, so that its text is part of the version. */
  readonly ours?: boolean;
  /**
   * Files that the main package embeds and that lie in `module` in another form: name, path in the module, and what
   * makes the one of the other.
   */
  readonly embeds?: readonly Embed[];
}

/** A file that is made at build time and passed to the compiler as an overlay. */
export interface Embed {
  readonly file: string;
  /** Path of its source in the folder of the module. */
  readonly from: string;
  readonly make: (text: string) => string;
}

/** The release whose source the pinned commit is; @pulumi/kubernetes is pinned to the same one. */
export const kubernetesPluginVersion = "4.25.0";

const kubernetes = (
  binary: string,
  minutes: number,
  sha256?: Release["sha256"],
): Tool => ({
  binary,
  tool: "kubernetes",
  minutes,
  release: kubernetesRelease(binary, sha256),
  source: {
    module: "k8s.io/kubernetes",
    package: `k8s.io/kubernetes/cmd/${binary}`,
    stamps: {
      "k8s.io/component-base/version.gitVersion": "v{version}",
      "k8s.io/component-base/version.gitMajor": "{major}",
      "k8s.io/component-base/version.gitMinor": "{minor}",
      "k8s.io/client-go/pkg/version.gitVersion": "v{version}",
    },
  },
});

const containerd = (binary: string, minutes: number): Tool => ({
  binary,
  tool: "containerd",
  minutes,
  release: containerdRelease(binary),
  source: {
    module: "github.com/containerd/containerd/v2",
    package: `github.com/containerd/containerd/v2/cmd/${binary}`,
    tags: ["no_btrfs", "no_zfs"],
    stamps: {
      "github.com/containerd/containerd/v2/version.Version": "v{version}",
    },
  },
});

/** cert-manager's own mains are modules that the proxy does not serve; ours wire the same libraries. */
const certManager = (component: string, minutes: number): Tool => ({
  binary: `cert-manager-${component}`,
  tool: "cert-manager",
  minutes,
  source: {
    module: "github.com/cert-manager/cert-manager",
    package: `./${component}`,
    ours: true,
    stamps: {
      "github.com/cert-manager/cert-manager/pkg/util.AppVersion": "v{version}",
    },
  },
});

const single = (
  binary: string,
  minutes: number,
  module: string,
  path: string,
  stamps?: Readonly<Record<string, string>>,
  tags?: readonly string[],
): Tool => ({
  binary,
  tool: binary,
  minutes,
  source: { module, package: `${module}${path}`, stamps, tags },
});

/** Version of the CLI, whose archive has the language host of that version too. */
const pulumiVersion = pinnedVersion(
  readFileSync(join(__dirname, "pulumi/go.mod"), "utf8"),
  "github.com/pulumi/pulumi/pkg/v3",
);

const prometheusVersion = "github.com/prometheus/common/version.Version";

/** Every program of the toolchain, in the order in which a cold machine builds them. */
export const TOOLS: readonly Tool[] = [
  {
    release: pulumiRelease("pulumi", pulumiVersion),
    ...single("pulumi", 3.5, "github.com/pulumi/pulumi/pkg/v3", "/cmd/pulumi", {
      "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": "v{version}",
    }),
    together: ["pulumi-language-nodejs"],
  },
  {
    release: pulumiRelease("pulumi-language-nodejs", pulumiVersion),
    ...single(
      "pulumi-language-nodejs",
      0.3,
      "github.com/pulumi/pulumi/sdk/v3",
      "/nodejs/cmd/pulumi-language-nodejs",
    ),
    together: ["pulumi"],
  },
  {
    binary: "pulumi-resource-kubernetes",
    tool: "pulumi-resource-kubernetes",
    minutes: 6,
    source: {
      module: "github.com/pulumi/pulumi-kubernetes/provider/v4",
      package: ".",
      ours: true,
      stamps: {
        "github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version.Version":
          kubernetesPluginVersion,
      },
      embeds: [
        {
          file: "schema.json",
          from: "cmd/pulumi-resource-kubernetes/schema.json",
          make: (text) =>
            JSON.stringify({
              ...(JSON.parse(text) as object),
              version: kubernetesPluginVersion,
            }),
        },
        {
          file: "terraform-mapping.json",
          from: "cmd/pulumi-resource-kubernetes/terraform-mapping.json",
          make: (text) => text,
        },
      ],
    },
  },
  {
    ...single("etcd", 0.8, "go.etcd.io/etcd/server/v3", ""),
    release: etcdRelease("etcd"),
  },
  {
    ...single("etcdctl", 0.2, "go.etcd.io/etcd/etcdctl/v3", ""),
    release: etcdRelease("etcdctl"),
  },
  kubernetes("kube-apiserver", 3.7),
  kubernetes("kube-controller-manager", 1.1),
  kubernetes("kube-scheduler", 0.1),
  kubernetes("kube-proxy", 0.1),
  kubernetes("kubeadm", 0.3, {
    amd64: "0c0497da793f8897c14e45340da919534b615294a1aab69dc1998896c0f11145",
    arm64: "e8f6b5bee3e2c8b5965f4ae65c2ae04e3f9f426d2458a1e2f159e824d419d92c",
  }),
  kubernetes("kubectl", 0.3, {
    amd64: "b529430df69a688fd61b64ad2299edb5fd71cb58be2a4779dba624c7d3510efd",
    arm64: "6a5a4cc4e396d7626a7a693a3044b51c75520f81db30fe6816c2554e53be336f",
  }),
  kubernetes("kubelet", 0.3, {
    amd64: "983a6ba5a49823dcdd745c674e5e2416377dd27d6ad1b42d2befa0fb961a19f6",
    arm64: "d710eef03bb4ad164bb77af9be5b11b44f874e2fc08153c7d383420d685f73e8",
  }),
  containerd("containerd", 1),
  containerd("containerd-shim-runc-v2", 0.1),
  containerd("ctr", 0.1),
  {
    ...single(
      "registry",
      0.5,
      "github.com/distribution/distribution/v3",
      "/cmd/registry",
    ),
    release: releases.registry,
  },
  {
    ...single(
      "crane",
      0.3,
      "github.com/google/go-containerregistry",
      "/cmd/crane",
      {
        "github.com/google/go-containerregistry/cmd/crane/cmd.Version":
          "{version}",
      },
    ),
    release: releases.crane,
  },
  {
    ...single("helm", 1, "helm.sh/helm/v3", "/cmd/helm", {
      "helm.sh/helm/v3/internal/version.version": "v{version}",
      // The Kubernetes that a template is rendered for without a cluster; 1.20 when unset.
      "helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor": "1",
      "helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor": "34",
      "helm.sh/helm/v3/pkg/lint/rules.k8sVersionMajor": "1",
      "helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor": "34",
    }),
    release: releases.helm,
  },
  single("coredns", 1, "github.com/coredns/coredns", ""),
  single(
    "kube-router",
    1.3,
    "github.com/cloudnativelabs/kube-router/v2",
    "/cmd/kube-router",
    {
      "github.com/cloudnativelabs/kube-router/v2/pkg/version.Version":
        "v{version}",
    },
  ),
  {
    binary: "versitygw",
    tool: "versitygw",
    minutes: 0.8,
    source: {
      module: "github.com/versity/versitygw",
      package: ".",
      ours: true,
    },
  },
  single(
    "local-path-provisioner",
    0.2,
    "github.com/rancher/local-path-provisioner",
    "",
  ),
  single(
    "spark-operator",
    1,
    "github.com/kubeflow/spark-operator/v2",
    "/cmd/operator",
    { "github.com/kubeflow/spark-operator/v2.version": "{version}" },
  ),
  single(
    "training-operator",
    1,
    "github.com/kubeflow/training-operator",
    "/cmd/training-operator.v1",
  ),
  single(
    "prometheus",
    2.3,
    "github.com/prometheus/prometheus",
    "/cmd/prometheus",
    // Its module counts v3.16.0 as v0.316.0.
    { [prometheusVersion]: "3.16.0" },
    // It finds its targets by the API server only; the clouds' clients would be most of the build.
    ["remove_all_sd", "enable_kubernetes_sd"],
  ),
  single("pushgateway", 0.2, "github.com/prometheus/pushgateway", "", {
    [prometheusVersion]: "{version}",
  }),
  single("kube-state-metrics", 1.5, "k8s.io/kube-state-metrics/v2", "", {
    [prometheusVersion]: "v{version}",
  }),
  {
    ...single(
      "kserve-controller",
      2,
      "github.com/kserve/kserve",
      "/cmd/manager",
    ),
    tool: "kserve",
  },
  certManager("controller", 1),
  certManager("webhook", 0.2),
  certManager("cainjector", 0.2),
  {
    ...single(
      "actionlint",
      0.1,
      "github.com/rhysd/actionlint",
      "/cmd/actionlint",
    ),
    release: releases.actionlint,
  },
];

/** `${XDG_CACHE_HOME:-~/.cache}/mlstack`: everything that was built or fetched, shared by all checkouts. */
export function cacheFolder(): string {
  return join(
    process.env.XDG_CACHE_HOME || join(homedir(), ".cache"),
    "mlstack",
  );
}

/** Path of a built program of the toolchain; throws for a name that is not in the table. */
export function toolPath(binary: string): string {
  return toolFile(findTool(binary));
}

/** Path of a built program. */
export function toolFile(tool: Tool): string {
  return join(cacheFolder(), "tools", toolKey(tool), tool.binary);
}

/** The row of a binary. */
export function findTool(binary: string): Tool {
  const tool = TOOLS.find((candidate) => candidate.binary === binary);
  if (!tool) {
    const names = TOOLS.map((candidate) => candidate.binary).join(", ");
    throw new Error(`Unknown tool ${binary}; the toolchain has ${names}`);
  }
  return tool;
}

/** Version without the leading `v`, as pinned in the tool's go.mod. */
export function toolVersion(tool: Tool): string {
  return pinnedVersion(
    readFileSync(join(moduleFolder(tool), "go.mod"), "utf8"),
    tool.source.module,
  );
}

/** Version that a program reports, where its module's version differs from its release's. */
export function releaseVersion(tool: Tool): string {
  const stamped = Object.values(tool.source.stamps ?? {}).find((value) =>
    /^\d+\.\d+\.\d+$/.test(value),
  );
  return stamped ?? toolVersion(tool);
}

/** Folder of a tool's go.mod. */
export function moduleFolder(tool: Tool): string {
  return tool.folder ?? join(__dirname, tool.tool);
}

/** Cache key of a tool: name and version, and a hash of its text where that is ours. */
export function toolKey(tool: Tool): string {
  if (tool.together)
    return [tool, ...tool.together.map(findTool)]
      .map((each) => `${each.tool}-${toolVersion(each)}`)
      .sort()
      .join("+");
  const key = `${tool.tool}-${toolVersion(tool)}`;
  return tool.source.ours ? `${key}-${sourceHash(moduleFolder(tool))}` : key;
}

/** Version of a module in the text of a go.mod: its `replace` wins over its `require`. */
export function pinnedVersion(goMod: string, module: string): string {
  const name = module.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const found =
    new RegExp(`^(?:replace)?\\s*${name}(?: v\\S+)? => \\S+ v(\\S+)`, "m").exec(
      goMod,
    ) ?? new RegExp(`^(?:require)?\\s*${name} v(\\S+)`, "m").exec(goMod);
  if (!found?.[1]) throw new Error(`go.mod does not pin ${module}`);
  return found[1];
}

/**
 * The `go build` arguments after `go`; equal arguments find equal entries in Go's build cache.
 *
 * @param overlay file that names the files which the main package embeds
 */
export function goBuildArguments(
  tool: Tool,
  output: string,
  overlay?: string,
): string[] {
  const version = toolVersion(tool);
  const [major = "", minor = ""] = version.split(".");
  const stamps = Object.entries(tool.source.stamps ?? {}).map(
    ([variable, value]) =>
      `-X ${variable}=${value
        .replace("{version}", version)
        .replace("{major}", major)
        .replace("{minor}", minor)}`,
  );
  return [
    "build",
    "-trimpath",
    // Debug information is not generated, as the linker strips it anyway: with the garbage collector off, this takes a
    // fifth less CPU time.
    "-gcflags=all=-dwarf=false",
    "-ldflags",
    ["-s -w", ...stamps].join(" "),
    ...(tool.source.tags ? ["-tags", tool.source.tags.join(" ")] : []),
    ...(overlay === undefined ? [] : ["-overlay", overlay]),
    "-o",
    output,
    tool.source.package,
  ];
}

function sourceHash(folder: string): string {
  const hash = createHash("sha256");
  for (const file of readdirSync(folder, { recursive: true })
    .map(String)
    .sort()) {
    if (/\.go$|go\.(mod|sum)$/.test(file)) {
      hash.update(file).update(readFileSync(join(folder, file)));
    }
  }
  return hash.digest("hex").slice(0, 8);
}
