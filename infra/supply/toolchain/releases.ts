/** Architectures that the programs are released for, by Go's names. */
export const ARCHITECTURES = ["amd64", "arm64"] as const;

/** An architecture by Go's name. */
export type Architecture = (typeof ARCHITECTURES)[number];

/** A file that a project publishes, with a program in it. */
export interface Release {
  readonly url: (version: string, architecture: Architecture) => string;
  /** Path of the program in the archive; the file is the program itself unless given. */
  readonly program?: (version: string, architecture: Architecture) => string;
  /** SHA-256 of the file, where it is known here. */
  readonly sha256: Readonly<Partial<Record<Architecture, string>>>;
  /** Source of the known checksums, for the maintainer who raises the version. */
  readonly readFrom?: string;
  /**
   * File of the same release with the sums, which judges an architecture whose sum is not known here: less than a sum
   * that is written down, since whoever changes the one file may change the other.
   */
  readonly sums: (version: string, architecture: Architecture) => string;
  /** Version of the release where it is another than that of the module which the program is built from. */
  readonly version?: string;
}

const kubespray =
  "kubernetes-sigs/kubespray 46dbdd39, roles/kubespray_defaults/vars/main/checksums.yml";

/** A program of Kubernetes; one file each. */
export function kubernetesRelease(
  binary: string,
  sha256: Release["sha256"] = {},
): Release {
  const url: Release["url"] = (version, architecture) =>
    `https://dl.k8s.io/v${version}/bin/linux/${architecture}/${binary}`;
  return {
    url,
    sha256,
    readFrom: Object.keys(sha256).length > 0 ? kubespray : undefined,
    sums: (version, architecture) => `${url(version, architecture)}.sha256`,
  };
}

/** The server or the client of etcd; one archive. */
export function etcdRelease(binary: string): Release {
  const folder = (version: string, architecture: Architecture) =>
    `etcd-v${version}-linux-${architecture}`;
  const base = (version: string) =>
    `https://github.com/etcd-io/etcd/releases/download/v${version}`;
  return {
    url: (version, architecture) =>
      `${base(version)}/${folder(version, architecture)}.tar.gz`,
    program: (version, architecture) =>
      `${folder(version, architecture)}/${binary}`,
    sha256: {
      amd64: "887afaa4a99f22d802ccdfbe65730a5e79aa5c9ce2c8799c67e9d804c50ecedb",
      arm64: "8a15f5427c111ff4692753682374970fb68878401d946c2c28bdad6857db652f",
    },
    readFrom: kubespray,
    sums: (version) => `${base(version)}/SHA256SUMS`,
  };
}

/** A program of containerd; one archive of programs that need no C library. */
export function containerdRelease(binary: string): Release {
  const url: Release["url"] = (version, architecture) =>
    `https://github.com/containerd/containerd/releases/download/v${version}/containerd-static-${version}-linux-${architecture}.tar.gz`;
  return {
    url,
    program: () => `bin/${binary}`,
    sha256: {},
    sums: (version, architecture) => `${url(version, architecture)}.sha256sum`,
  };
}

/** The CLI of Pulumi or its language host; one archive, of the CLI's version. */
export function pulumiRelease(binary: string, version: string): Release {
  const base = (of: string) =>
    `https://github.com/pulumi/pulumi/releases/download/v${of}`;
  const names = { amd64: "x64", arm64: "arm64" };
  return {
    version,
    url: (of, architecture) =>
      `${base(of)}/pulumi-v${of}-linux-${names[architecture]}.tar.gz`,
    program: () => `pulumi/${binary}`,
    sha256: {},
    sums: (of) => `${base(of)}/pulumi-${of}-checksums.txt`,
  };
}

/** Releases of programs that stand alone. */
export const releases = {
  registry: {
    url: registryUrl,
    program: () => "registry",
    sha256: {
      amd64: "61c9a2c0d5981a78482025b6b69728521fbc78506d68b223d4a2eb825de5ca3d",
    },
    readFrom: "several public Bazel workspaces, alike",
    sums: (version, architecture) =>
      `${registryUrl(version, architecture)}.sha256`,
  },
  helm: {
    url: helmUrl,
    program: (_, architecture) => `linux-${architecture}/helm`,
    sha256: {
      amd64: "a0a5e8c592ed3f376ac110715eff214730c7422f9a44d96cf98117d2b8b0e6c0",
      arm64: "ce02147ffee6d993bf8ae97a44a22e9e1daf0b69d2d5b69a0c8cf6706445ccf5",
    },
    readFrom: "the release notes of v3.19.5",
    sums: (version, architecture) =>
      `${helmUrl(version, architecture)}.sha256sum`,
  },
  actionlint: {
    url: (version, architecture) =>
      `https://github.com/rhysd/actionlint/releases/download/v${version}/actionlint_${version}_linux_${architecture}.tar.gz`,
    program: () => "actionlint",
    sha256: {
      amd64: "8aca8db96f1b94770f1b0d72b6dddcb1ebb8123cb3712530b08cc387b349a3d8",
      arm64: "325e971b6ba9bfa504672e29be93c24981eeb1c07576d730e9f7c8805afff0c6",
    },
    readFrom:
      "actionlint_1.7.12_checksums.txt, as several repositories quote it",
    sums: (version) =>
      `https://github.com/rhysd/actionlint/releases/download/v${version}/actionlint_${version}_checksums.txt`,
  },
  crane: {
    url: (version, architecture) =>
      `${craneFolder(version)}/${craneArchive[architecture]}`,
    program: () => "crane",
    sha256: {
      amd64: "5c16d8ddb971cb1d5e6ed8b1e743da8224414eeba2c2762d8f1a61b2f095699e",
      arm64: "1f4c647b7bb260ab5435661df5b526cf59950ebf95201790db7183ac189cbcbd",
    },
    readFrom: "several public installers of v0.21.9, alike",
    sums: (version) => `${craneFolder(version)}/checksums.txt`,
  },
} satisfies Record<string, Release>;

const craneArchive = {
  amd64: "go-containerregistry_Linux_x86_64.tar.gz",
  arm64: "go-containerregistry_Linux_arm64.tar.gz",
};

function craneFolder(version: string): string {
  return `https://github.com/google/go-containerregistry/releases/download/v${version}`;
}

function registryUrl(version: string, architecture: Architecture): string {
  return `https://github.com/distribution/distribution/releases/download/v${version}/registry_${version}_linux_${architecture}.tar.gz`;
}

function helmUrl(version: string, architecture: Architecture): string {
  return `https://get.helm.sh/helm-v${version}-linux-${architecture}.tar.gz`;
}
