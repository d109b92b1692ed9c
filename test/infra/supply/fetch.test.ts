import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

import { releasesVariable } from "../../../infra/supply/download";
import { silentProgress } from "../../../infra/supply/steps";
import { toolSteps } from "../../../infra/supply/toolchain/build";
import {
  architecture,
  fetchableTools,
  fetchTool,
  WrongChecksum,
} from "../../../infra/supply/toolchain/fetch";
import {
  findTool,
  toolPath,
  TOOLS,
  toolVersion,
  type Tool,
} from "../../../infra/supply/toolchain/tools";

/** Files that a mirror of the releases serves, by path. */
type Files = Map<string, Buffer | string>;

describe("releases from a mirror", () => {
  const machine = architecture() ?? "amd64";
  const kept = [releasesVariable, "XDG_CACHE_HOME", "PATH", "NO_PROXY"].map(
    (name) => [name, process.env[name]] as const,
  );
  const files: Files = new Map();
  let folder: string;
  let server: Server;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "mlstack-test-"));
    files.clear();
    server = createServer((request, response) => {
      const body = files.get(request.url ?? "");
      response.statusCode = body === undefined ? 404 : 200;
      response.end(request.method === "HEAD" ? undefined : body);
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as AddressInfo;
    process.env[releasesVariable] = `http://127.0.0.1:${port}/mirror/`;
    process.env.XDG_CACHE_HOME = folder;
    process.env.NO_PROXY = "127.0.0.1";
  });

  afterEach(async () => {
    await new Promise((done) => server.close(done));
    for (const [name, value] of kept)
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    rmSync(folder, { recursive: true });
  });

  const context = () => ({
    log: join(folder, "log"),
    signal: new AbortController().signal,
  });
  const sha256 = (bytes: Buffer | string) =>
    createHash("sha256").update(bytes).digest("hex");
  const kubeProxy = () => {
    const version = toolVersion(findTool("kube-proxy"));
    return `/mirror/dl.k8s.io/v${version}/bin/linux/${machine}/kube-proxy`;
  };
  const etcdArchive = () => {
    const name = `etcd-v${toolVersion(findTool("etcd"))}-linux-${machine}`;
    const path = `/mirror/github.com/etcd-io/etcd/releases/download/v${toolVersion(findTool("etcd"))}/${name}.tar.gz`;
    mkdirSync(join(folder, name));
    for (const program of ["etcd", "etcdctl"])
      writeFileSync(
        join(folder, name, program),
        `#!/bin/sh\necho ${program}\n`,
      );
    const bytes = execFileSync("tar", ["-cz", "-C", folder, name]);
    return { path, bytes };
  };
  /** The tool of the table with another pinned sum, which the test can serve the bytes of. */
  const pinned = (binary: string, bytes: Buffer): Tool => {
    const tool = findTool(binary);
    assert.ok(tool.release);
    return {
      ...tool,
      release: { ...tool.release, sha256: { [machine]: sha256(bytes) } },
    };
  };

  it("take the place of a build where they are served", async () => {
    files.set(kubeProxy(), "program");
    const found = await fetchableTools(["kube-proxy", "kubelet", "coredns"]);
    assert.deepEqual([...found], ["kube-proxy"]);
    assert.deepEqual(
      toolSteps(["kube-proxy", "kubelet"], found).map(({ title }) =>
        title.replace(/ [\d.]+$/, ""),
      ),
      ["Fetch kube-proxy", "Build kubelet"],
    );
  });

  it("are judged by the sum that is written down, and put in place with the others of the archive", async () => {
    const { path, bytes } = etcdArchive();
    files.set(path, bytes);
    await fetchTool(pinned("etcd", bytes), context());
    assert.equal(
      execFileSync(toolPath("etcd"), { encoding: "utf8" }),
      "etcd\n",
    );
    // Its folder is its own, whatever archive it came from.
    assert.equal(
      execFileSync(toolPath("etcdctl"), { encoding: "utf8" }),
      "etcdctl\n",
    );
  });

  it("are refused for one wrong byte: name, address, both sums", async () => {
    const { path, bytes } = etcdArchive();
    const wrong = Buffer.from(bytes);
    wrong[20] = (wrong[20] ?? 0) ^ 1;
    files.set(path, wrong);
    await assert.rejects(
      fetchTool(pinned("etcd", bytes), context()),
      (error: Error) => {
        assert.ok(error instanceof WrongChecksum);
        assert.ok(!error.message.includes("\n"));
        for (const part of ["etcd 3.", path, sha256(wrong), sha256(bytes)])
          assert.ok(error.message.includes(part), error.message);
        return true;
      },
    );
    assert.ok(!existsSync(toolPath("etcd")));
  });

  it("of the table are refused whatever the mirror says of their sum", async () => {
    const { path, bytes } = etcdArchive();
    const name = path.slice(path.lastIndexOf("/") + 1);
    files.set(path, bytes);
    files.set(path.replace(name, "SHA256SUMS"), `${sha256(bytes)}  ${name}\n`);
    await assert.rejects(
      silentProgress(toolSteps(["etcd"], new Set(["etcd"]))),
      new RegExp(`expected ${findTool("etcd").release?.sha256[machine]}`),
    );
  });

  it("without a sum here are judged by the one that the release publishes", async () => {
    files.set(kubeProxy(), "program");
    files.set(`${kubeProxy()}.sha256`, sha256("program"));
    await silentProgress(toolSteps(["kube-proxy"], new Set(["kube-proxy"])));
    assert.equal(readFileSync(toolPath("kube-proxy"), "utf8"), "program");
    rmSync(toolPath("kube-proxy"));
    files.set(kubeProxy(), "Program");
    await assert.rejects(
      silentProgress(toolSteps(["kube-proxy"], new Set(["kube-proxy"]))),
      /kube-proxy .*kube-proxy\.sha256/,
    );
  });

  it("are built where they are not served after all", async () => {
    const bin = join(folder, "bin");
    mkdirSync(bin);
    // Stands for the compiler: what matters is that it is called, for this package.
    writeFileSync(
      join(bin, "go"),
      '#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\necho "$3" >"$2"\n',
    );
    chmodSync(join(bin, "go"), 0o755);
    process.env.PATH = [bin, process.env.PATH].join(delimiter);
    await silentProgress(toolSteps(["kubelet"], new Set(["kubelet"])));
    assert.equal(
      readFileSync(toolPath("kubelet"), "utf8"),
      "k8s.io/kubernetes/cmd/kubelet\n",
    );
  });
});

describe("the table of releases", () => {
  it("has every program that runs on a machine with the internet", () => {
    const inImagesOnly = TOOLS.filter(({ release }) => !release).map(
      ({ binary }) => binary,
    );
    assert.deepEqual(inImagesOnly.sort(), [
      "cert-manager-cainjector",
      "cert-manager-controller",
      "cert-manager-webhook",
      "coredns",
      "kserve-controller",
      "kube-router",
      "kube-state-metrics",
      "local-path-provisioner",
      "prometheus",
      // Pulumi downloads its plugins by itself.
      "pulumi-resource-kubernetes",
      "pushgateway",
      "spark-operator",
      "training-operator",
      "versitygw",
    ]);
  });

  it("names an https address with the version, and a place to read the sum of each architecture", () => {
    for (const tool of TOOLS)
      for (const machine of ["amd64", "arm64"] as const) {
        if (!tool.release) continue;
        const { url, sums, sha256, readFrom, version } = tool.release;
        const of = version ?? toolVersion(tool);
        assert.match(url(of, machine), new RegExp(`^https://.*${of}`));
        assert.match(sums(of, machine), /^https:\/\//);
        assert.match(sha256[machine] ?? "0".repeat(64), /^[0-9a-f]{64}$/);
        assert.equal(readFrom !== undefined, Object.keys(sha256).length > 0);
      }
  });
});
