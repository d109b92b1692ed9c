import assert from "node:assert/strict";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { contextFiles, contextHash, imageTag } from "../../infra/image-context";

describe("the context of an image", () => {
  let folder: string;
  let dockerfile: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mlstack-context-"));
    dockerfile = join(folder, "Dockerfile");
    for (const name of ["jobs/__pycache__", "jobs/tests", "other"])
      mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(dockerfile, "FROM scratch\n");
    writeFileSync(join(folder, "jobs/job.py"), "print(1)\n");
    writeFileSync(join(folder, "jobs/__pycache__/job.pyc"), "");
    writeFileSync(join(folder, "jobs/tests/test_job.py"), "");
    writeFileSync(join(folder, "other/file"), "");
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const hash = () =>
    contextHash({ context: folder, dockerfile, include: ["jobs"] });

  it("has what is included and more files, and not what tools and tests leave", () => {
    const extra = join(folder, "other/file");
    const files = contextFiles({
      context: folder,
      dockerfile,
      include: ["jobs"],
      files: { "data/input.csv": extra },
    });
    assert.deepEqual(
      [...files],
      [
        ["data/input.csv", extra],
        ["jobs/job.py", join(folder, "jobs/job.py")],
      ],
    );
  });

  it("hashes the same wherever it is", () => {
    const before = hash();
    const elsewhere = mkdtempSync(join(tmpdir(), "mlstack-context-"));
    try {
      mkdirSync(join(elsewhere, "jobs"));
      writeFileSync(join(elsewhere, "jobs/job.py"), "print(1)\n");
      assert.equal(contextHash({ context: elsewhere, dockerfile }), before);
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });

  it("hashes otherwise when a file, its mode or the Dockerfile changes, and only then", () => {
    const seen = [hash()];
    const expectNew = () => {
      const now = hash();
      assert.ok(!seen.includes(now));
      seen.push(now);
    };
    writeFileSync(join(folder, "jobs/job.py"), "print(2)\n");
    expectNew();
    chmodSync(join(folder, "jobs/job.py"), 0o755);
    expectNew();
    writeFileSync(dockerfile, "FROM other\n");
    expectNew();
    writeFileSync(join(folder, "other/file"), "changed");
    writeFileSync(join(folder, "jobs/tests/test_job.py"), "changed");
    assert.equal(hash(), seen.at(-1));
  });

  it("makes a tag of the arguments too, in any order", () => {
    assert.equal(
      imageTag("h", { a: "1", b: "2" }),
      imageTag("h", { b: "2", a: "1" }),
    );
    assert.notEqual(imageTag("h", { a: "1" }), imageTag("h", { a: "2" }));
    assert.match(imageTag("h", {}), /^[0-9a-f]{16}$/);
  });
});
