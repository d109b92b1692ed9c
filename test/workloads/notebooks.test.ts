import assert from "node:assert/strict";

import {
  checkNotebooks,
  notebookSchema,
} from "../../workloads/notebooks/config";

const teams = [
  { name: "ml", quota: { cpu: "2", memory: "4Gi", gpus: 0, pods: 10 } },
];
const pools = [{ name: "cpu", min: 1, max: 1, spot: false }];

const problems = (...notebooks: unknown[]) =>
  checkNotebooks(
    "notebooks",
    notebooks.map((notebook) => notebookSchema.parse(notebook)),
    teams,
    pools,
  ).map(({ path, remedy }) => `${path}: ${remedy}`);

describe("notebooks of a stack", () => {
  it("need a name and nothing more", () =>
    assert.deepEqual(problems({ name: "ada" }), []));

  it("have a name each, a team, a pool, and room", () =>
    assert.deepEqual(
      problems(
        { name: "ada", team: "nlp" },
        { name: "ada", pool: "gpu", memory: "8Gi" },
      ),
      [
        "notebooks[0].team: choose one of ml",
        "notebooks[1].name: give every notebook a name of its own",
        "notebooks[1].memory: fit it into the team's 4Gi, or raise its quota",
        "notebooks[1].pool: choose one of cpu",
      ],
    ));
});
