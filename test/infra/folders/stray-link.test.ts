import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { contextFiles } from "../../../infra/image-context";
import { strayLink } from "../../../infra/folders/stray-link";
import { outsideFault } from "../../../workloads/declaration/inside-folder";

describe("a link in a workload's folder", () => {
  let root: string;
  let folder: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "mlstack-links-"));
    folder = join(root, "fraud");
    mkdirSync(join(folder, "jobs/deep"), { recursive: true });
    mkdirSync(join(root, "home/.ssh"), { recursive: true });
    writeFileSync(join(root, "home/.ssh/id"), "secret");
    writeFileSync(join(folder, "jobs/score.py"), "");
  });

  afterEach(() => rmSync(root, { recursive: true }));

  const link = (to: string, at: string) => symlinkSync(to, join(folder, at));

  for (const [what, to, at] of [
    ["a file", "../home/.ssh/id", "jobs/key"],
    ["a folder", "../../../home", "jobs/deep/home"],
    ["a file by its full path", "/etc/passwd", "jobs/users"],
    ["nothing", "/no/such/file", "jobs/nothing"],
    ["a folder whose name begins with this one's", "../fraud-2", "jobs/other"],
  ] as const) {
    it(`to ${what} outside is found`, () => {
      link(to, at);
      assert.equal(strayLink(folder, "jobs"), join(folder, at));
      assert.match(
        outsideFault(folder, "jobs") ?? "",
        /is a link that leads out of the workload's folder; copy/,
      );
      assert.throws(
        () => contextFiles({ context: folder, dockerfile: "Dockerfile" }),
        /leads out of .*fraud, from which an image is made; copy/,
      );
    });
  }

  it("is found on the way to a file, too", () => {
    link("../home", "data");
    assert.equal(
      strayLink(folder, "data/.ssh/id"),
      join(folder, "data/.ssh/id"),
    );
    assert.equal(
      outsideFault(folder, "../home/.ssh/id"),
      "stay in the workload's folder",
    );
    assert.equal(
      outsideFault(folder, "/etc/passwd"),
      "stay in the workload's folder",
    );
  });

  it("may lead to what lies inside, also where the folder is a link itself", () => {
    link("score.py", "jobs/again.py");
    link("..", "jobs/deep/up");
    symlinkSync(folder, join(root, "linked"));
    for (const each of [folder, join(root, "linked")]) {
      assert.equal(strayLink(each, "jobs"), undefined);
      assert.equal(outsideFault(each, "jobs/again.py"), undefined);
      assert.equal(outsideFault(each, "jobs/absent.py"), undefined);
    }
  });

  it("may lead out where it is hidden, and so in no image", () => {
    mkdirSync(join(folder, "jobs/.venv/bin"), { recursive: true });
    link("/usr/bin/python3", "jobs/.venv/bin/python3");
    assert.equal(strayLink(folder, "jobs"), undefined);
    contextFiles({ context: folder, dockerfile: "Dockerfile" });
  });
});
