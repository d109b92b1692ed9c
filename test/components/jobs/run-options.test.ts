import assert from "node:assert/strict";

import * as pulumi from "@pulumi/pulumi";

import { runOptions } from "../../../components/jobs/run-options";
import { record, type Recorded } from "../../support/recording-monitor";
import { projectStacks, recordStack } from "../../support/stack-program";

/** Kinds of object that stand for one run of a job. */
const runs =
  /^kubernetes:(sparkoperator\.k8s\.io\/v1beta2:SparkApplication|kubeflow\.org\/v1:\w+Job)$/;

function hasFixedName({ inputs }: Recorded): boolean {
  const { metadata } = inputs as { metadata?: { name?: unknown } };
  return metadata?.name !== undefined;
}

/** Does at the first call what takes long, and gives back the same ever after. */
function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

describe("what is replaced on a change", () => {
  for (const stack of projectStacks) {
    const recorded = lazily(() => recordStack(stack));

    it(`is deleted first in ${stack} where its name is fixed`, async () => {
      const { custom } = await recorded();
      const replaced = custom.filter(
        ({ replaceOnChanges, replacementTrigger }) =>
          replaceOnChanges.length > 0 || replacementTrigger !== undefined,
      );
      const faults = replaced.filter(
        (resource) => hasFixedName(resource) && !resource.deleteBeforeReplace,
      );
      assert.deepEqual(
        faults.map(({ urn }) => urn),
        [],
      );
    });

    it(`has in ${stack} every job by its declaration alone`, async () => {
      const { custom } = await recorded();
      const jobs = custom.filter(({ type }) => runs.test(type));
      const faults = jobs.filter(
        ({ replacementTrigger, ignoreChanges, replaceOnChanges }) =>
          typeof replacementTrigger !== "string" ||
          !ignoreChanges.includes("spec") ||
          replaceOnChanges.length > 0,
      );
      assert.deepEqual(
        faults.map(({ urn }) => urn),
        [],
      );
      assert.ok(jobs.length > 0);
    });

    it(`waits in ${stack} for the deletion of every Job of a fixed name`, async () => {
      const { custom } = await recorded();
      const faults = custom
        .filter(({ type }) => type === "kubernetes:batch/v1:Job")
        .filter(hasFixedName)
        .filter(({ inputs }) =>
          JSON.stringify(inputs).includes('"pulumi.com/skipAwait"'),
        );
      assert.deepEqual(
        faults.map(({ urn }) => urn),
        [],
      );
    });
  }
});

class Run extends pulumi.CustomResource {
  constructor(name: string, opts: pulumi.CustomResourceOptions) {
    super("test:index:Run", name, {}, opts);
  }
}

describe("trigger of a run", () => {
  /** The trigger of a declaration, as the engine gets it. */
  async function triggerOf(
    declaration: pulumi.Input<object>,
    { preview = false } = {},
  ): Promise<unknown> {
    const { custom } = await record(
      () => void new Run("run", runOptions(declaration, {})),
      {},
      { preview },
    );
    return custom[0]?.replacementTrigger;
  }

  it("is another one for another declaration, at any depth", async () => {
    const spec = (memory: string) => ({
      image: pulumi.output("a"),
      executor: { memory, args: [pulumi.output("x")] },
    });
    assert.equal(await triggerOf(spec("1g")), await triggerOf(spec("1g")));
    assert.notEqual(await triggerOf(spec("1g")), await triggerOf(spec("2g")));
  });

  it("does not depend on the order of keys, but on that of lists", async () => {
    assert.equal(
      await triggerOf({ a: 1, b: { c: 1, d: 2 } }),
      await triggerOf({ b: { d: 2, c: 1 }, a: 1 }),
    );
    assert.notEqual(
      await triggerOf({ a: [1, 2] }),
      await triggerOf({ a: [2, 1] }),
    );
  });
});
