import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { UPSTREAM_IMAGES } from "../../../infra/supply/images/catalogue";
import { declareArguments } from "../../../infra/supply/images/buildah";
import { debianSources } from "../../../infra/supply/images/debian/root";
import {
  repositoryOf,
  storedDigest,
} from "../../../infra/supply/images/registry";

describe("repositoryOf", () => {
  it("leaves the registry out", () => {
    assert.deepEqual(repositoryOf("docker.io/library/busybox:1.37"), {
      repository: "library/busybox",
      tag: "1.37",
    });
    assert.deepEqual(repositoryOf("127.0.0.1:5000/a/b:c"), {
      repository: "a/b",
      tag: "c",
    });
  });

  it("refuses what names no registry or no tag", () => {
    assert.throws(() => repositoryOf("busybox:1.37"), /not of the form/);
    assert.throws(() => repositoryOf("docker.io/busybox"), /not of the form/);
  });
});

describe("storedDigest", () => {
  it("reads the tag's link from the file-system driver", () => {
    const storage = mkdtempSync(join(tmpdir(), "mlstack-registry-"));
    const tag = join(
      storage,
      "docker/registry/v2/repositories/pause/_manifests/tags/3.10/current",
    );
    mkdirSync(tag, { recursive: true });
    writeFileSync(join(tag, "link"), "sha256:abc");
    assert.equal(
      storedDigest(storage, "registry.k8s.io/pause:3.10"),
      "sha256:abc",
    );
    assert.equal(
      storedDigest(storage, "registry.k8s.io/pause:3.11"),
      undefined,
    );
    rmSync(storage, { recursive: true });
  });
});

describe("declareArguments", () => {
  it("declares them in every stage, and changes nothing else", () => {
    const text =
      "ARG BASE=a\nFROM ${BASE} AS one\nRUN x\nfrom scratch\nCOPY a b\n";
    assert.equal(
      declareArguments(text, ["PIP_CERT", "APT_CONFIG"]),
      "ARG BASE=a\nFROM ${BASE} AS one\nARG PIP_CERT\nARG APT_CONFIG\nRUN x\n" +
        "from scratch\nARG PIP_CERT\nARG APT_CONFIG\nCOPY a b\n",
    );
  });
});

describe("debianSources", () => {
  it("takes the suites of the release, main alone", () => {
    assert.deepEqual(
      debianSources(
        [
          "bookworm http://mirror.example/debian main",
          "bookworm http://mirror.example/debian contrib",
          "bookworm-security http://mirror.example/debian-security main",
          "stable http://vendor.example/apt main",
          "",
        ].join("\n"),
      ),
      [
        { suite: "bookworm", site: "http://mirror.example/debian" },
        {
          suite: "bookworm-security",
          site: "http://mirror.example/debian-security",
        },
      ],
    );
  });

  it("finds none on another distribution", () => {
    assert.deepEqual(
      debianSources("noble http://mirror.example/ubuntu main"),
      [],
    );
  });
});

describe("UPSTREAM_IMAGES", () => {
  it("have a tag that is a version", () => {
    for (const { reference } of UPSTREAM_IMAGES)
      assert.match(repositoryOf(reference).tag, /\d/, reference);
  });
});
