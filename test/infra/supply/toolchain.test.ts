import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { spaceOf } from "../../../infra/supply/machine";
import { missingSteps, type Means } from "../../../infra/supply";
import { MIRROR } from "../../../infra/supply/mirror";
import { OFFLINE_TOOLS, PULUMI_TOOLS } from "../../../infra/supply/pulumi";
import {
  everyPart,
  UPSTREAM_IMAGES,
} from "../../../infra/supply/images/catalogue";
import { registryOf } from "../../../infra/supply/images/upstream";
import { isNewEnough } from "../../../infra/supply/pulumi";
import {
  findTool,
  goBuildArguments,
  kubernetesPluginVersion,
  moduleFolder,
  pinnedVersion,
  releaseVersion,
  toolKey,
  toolPath,
  TOOLS,
  toolVersion,
} from "../../../infra/supply/toolchain/tools";
import { charts } from "../../../components/versions";

describe("pinnedVersion", () => {
  const goMod = [
    "module example",
    "require example.com/single v1.2.3",
    "require (",
    "\texample.com/a v2.0.0 // indirect",
    "\texample.com/a/v2 v2.1.0-rc.1",
    "\texample.com/replaced v0.0.0",
    ")",
    "replace (",
    "\texample.com/replaced => example.com/other v0.35.4",
    ")",
  ].join("\n");

  it("reads single and grouped requirements", () => {
    assert.equal(pinnedVersion(goMod, "example.com/single"), "1.2.3");
    assert.equal(pinnedVersion(goMod, "example.com/a"), "2.0.0");
    assert.equal(pinnedVersion(goMod, "example.com/a/v2"), "2.1.0-rc.1");
  });

  it("lets a replacement win", () => {
    assert.equal(pinnedVersion(goMod, "example.com/replaced"), "0.35.4");
  });

  it("takes no part of a name for the name", () => {
    assert.throws(() => pinnedVersion(goMod, "example.com/sing"), /not pin/);
    assert.throws(() => pinnedVersion(goMod, "example_com/single"), /not pin/);
  });
});

describe("toolPath", () => {
  const before = process.env.XDG_CACHE_HOME;
  afterEach(() => {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
  });

  it("lies below XDG's cache, by tool and version", () => {
    process.env.XDG_CACHE_HOME = "/xdg";
    const version = toolVersion(findTool("etcd"));
    assert.equal(toolPath("etcd"), `/xdg/mlstack/tools/etcd-${version}/etcd`);
  });

  it("has the language host beside the CLI", () => {
    assert.equal(
      toolKey(findTool("pulumi")),
      toolKey(findTool("pulumi-language-nodejs")),
    );
  });

  it("changes with the text of a main of ours", () => {
    assert.match(
      toolKey(findTool("cert-manager-webhook")),
      /^cert-manager-[\d.]+-[0-9a-f]{8}$/,
    );
  });

  it("names the choices for an unknown program", () => {
    assert.throws(() => toolPath("etdc"), /etdc.*etcd/s);
  });
});

describe("TOOLS", () => {
  it("names each binary once", () => {
    const names = TOOLS.map(({ binary }) => binary);
    assert.deepEqual(names, [...new Set(names)]);
  });

  for (const tool of TOOLS) {
    it(`pins ${tool.binary} and keeps its sums`, () => {
      assert.match(toolVersion(tool), /^\d+\.\d+\.\d+/);
      assert.ok(existsSync(join(moduleFolder(tool), "go.sum")));
    });
  }

  it("pins what it builds as a tool of the module", () => {
    for (const { binary, source, ...tool } of TOOLS) {
      if (source.ours) continue;
      const folder = moduleFolder({ binary, source, ...tool });
      const goMod = readFileSync(join(folder, "go.mod"), "utf8");
      assert.ok(
        goMod.split(/\s/).includes(source.package),
        `${folder}/go.mod names no tool ${source.package}`,
      );
    }
  });
});

describe("goBuildArguments", () => {
  it("stamps versions, with their parts", () => {
    const built = goBuildArguments(findTool("kubectl"), "out");
    const flags = built[built.indexOf("-ldflags") + 1];
    assert.match(flags ?? "", /gitVersion=v1\.\d+\.\d+ .*gitMajor=1 /);
    assert.doesNotMatch(flags ?? "", /[{}]/);
  });

  it("passes tags", () => {
    const args = goBuildArguments(findTool("containerd"), "out");
    assert.equal(args[args.indexOf("-tags") + 1], "no_btrfs no_zfs");
    assert.deepEqual(args.slice(-3), [
      "-o",
      "out",
      "github.com/containerd/containerd/v2/cmd/containerd",
    ]);
  });
});

describe("the Kubernetes plugin", () => {
  it("is of the release that @pulumi/kubernetes is pinned to, as the cache and the engine's folder name it", () => {
    const { dependencies } = JSON.parse(
      readFileSync(join(__dirname, "../../../package.json"), "utf8"),
    ) as { dependencies: Record<string, string> };
    assert.equal(dependencies["@pulumi/kubernetes"], kubernetesPluginVersion);
  });
});

describe("versions", () => {
  it("of a release is what people read, where the module counts otherwise", () => {
    for (const [binary, version] of [
      ["pulumi-resource-kubernetes", kubernetesPluginVersion],
      ["prometheus", "3.16.0"],
      ["helm", toolVersion(findTool("helm"))],
    ] as const)
      assert.equal(releaseVersion(findTool(binary)), version);
  });

  it("of stored charts are those that the components install", () => {
    assert.deepEqual(
      MIRROR.filter(({ kind }) => kind === "chart")
        .map(({ name, version }) => `${name} ${version}`)
        .sort(),
      Object.values(charts)
        .map(({ chart, version }) => `${chart} ${version}`)
        .filter((row) =>
          /^(cert-manager|spark-operator|kserve|kserve-crd) /.test(row),
        )
        .sort(),
    );
  });

  it("of images are those of the programs in them", () => {
    for (const { reference, binary } of UPSTREAM_IMAGES) {
      // Its releases are tagged by commit.
      if (!binary || binary === "training-operator") continue;
      const version = toolVersion(findTool(binary));
      assert.equal(
        /:v?([^:]+)$/.exec(reference)?.[1],
        // Modules of Prometheus 3 are v0.3MM.P, so that programs can import them.
        binary === "prometheus" ? version.replace("0.3", "3.") : version,
        reference,
      );
    }
  });
});

describe("missingSteps", () => {
  const before = process.env.XDG_CACHE_HOME;
  let cache: string;
  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), "mlstack-test-"));
    process.env.XDG_CACHE_HOME = cache;
  });
  afterEach(() => {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
    rmSync(cache, { recursive: true });
  });

  const ids = (means: Means) => missingSteps(means).map(({ id }) => id);
  const closed: Means = {
    parts: everyPart,
    pulumi: OFFLINE_TOOLS,
    reachable: new Set(),
    fetchable: new Set(),
    offline: true,
    builder: false,
  };
  const open: Means = {
    parts: everyPart,
    pulumi: PULUMI_TOOLS,
    reachable: new Set(
      UPSTREAM_IMAGES.map(({ reference }) => registryOf(reference)),
    ),
    fetchable: new Set(
      TOOLS.flatMap(({ binary, release }) => (release ? [binary] : [])),
    ),
    offline: false,
    builder: true,
  };

  it("makes everything on a bare machine, each thing after what it is made of", () => {
    const steps = missingSteps(closed);
    const position = (id: string) => steps.findIndex((step) => step.id === id);
    assert.ok(position("tool-pulumi") >= 0);
    assert.ok(position("mirror-cert-manager") >= 0);
    for (const { id, after = [] } of steps)
      for (const before of after)
        assert.ok(position(before) < position(id), `${id} before ${before}`);
  });

  it("asks a bare machine for at least the disk that builds were seen to take", () => {
    const needed = spaceOf(missingSteps(closed));
    assert.ok(needed > 25 && needed < 45, String(needed));
  });

  it("builds nothing where everything can be fetched, so that neither Go nor buildah nor debootstrap is asked for", () => {
    const titles = missingSteps(open).map(({ title }) => title);
    assert.deepEqual(
      titles.filter((title) => !/^(Fetch|Pull the image) /.test(title)),
      titles.filter((title) => /^Install the packages /.test(title)),
    );
    assert.ok(!titles.some((title) => /buildah|debootstrap/.test(title)));
    assert.ok(titles.some((title) => /^Fetch crane /.test(title)));
  });

  it("makes the image with Go where builds cannot pull it, and nowhere else", () => {
    const go = "image-docker.io-library-golang-1.26-bookworm";
    const made = missingSteps(closed).find(({ id }) => id === go);
    assert.equal(made?.needsGo, true);
    assert.ok(
      !ids({ ...closed, reachable: new Set(["docker.io"]) }).includes(go),
    );
    assert.ok(!ids(open).includes(go));
  });

  it("leaves out the CLI of a person who has one", () => {
    assert.ok(!ids({ ...closed, pulumi: [] }).some((id) => /pulumi/.test(id)));
  });

  it("builds no part that a stack does not have", () => {
    const found = ids({
      ...closed,
      parts: new Set(["observability"] as const),
    });
    assert.ok(found.includes("tool-prometheus"));
    assert.ok(!found.includes("tool-training-operator"));
  });

  it("pulls what can be pulled, and builds no program for it", () => {
    const found = ids({ ...closed, reachable: new Set(["docker.io"]) });
    assert.ok(!found.includes("tool-kube-router"));
    assert.ok(
      found.includes("image-docker.io-cloudnativelabs-kube-router-v2.1.0"),
    );
    assert.ok(found.includes("tool-coredns"));
    assert.ok(found.includes("tool-crane"));
  });
});

describe("isNewEnough", () => {
  it("compares by number", () => {
    assert.ok(isNewEnough("v3.215.0"));
    assert.ok(isNewEnough("3.259.1-dev"));
    assert.ok(isNewEnough("v4.0.0"));
    assert.ok(!isNewEnough("v3.214.9"));
    assert.ok(!isNewEnough("v2.300.0"));
    assert.ok(!isNewEnough(""));
  });
});
