import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";

import { z } from "zod";

import {
  hasUnknown,
  type Properties,
  Secret,
  unknown,
} from "../../../infra/provider/plugin/value";
import { Calls } from "../../../infra/provider/calls";
import {
  type Context,
  PartialFailure,
  type ResourceKind,
} from "../../../infra/provider/resource";
import { failureOf, keptBy, ProviderHarness, urnOf } from "./harness";

interface Inputs {
  readonly name: string;
  readonly size: number;
  readonly zone: string;
  readonly hosts: readonly string[];
  readonly password?: string;
}

interface Outs extends Inputs {
  readonly address: string;
  readonly version: string;
}

const schema = z.strictObject({
  name: z.string().regex(/^[a-z]+$/, "write letters"),
  size: z.number().default(1),
  zone: z.string().default("a"),
  hosts: z.array(z.string()).default([]),
  password: z.string().min(4, "write four characters").optional(),
});

/** Operations of `machine`, in order. */
let done: string[] = [];
let work: (context: Context) => Promise<void> = async () => undefined;

const machine: ResourceKind<Inputs, Outs> = {
  type: "mlstack:index:Machine",
  schema,
  kept: ["address"],
  diff: (_id, _outs, _olds, news) => ({
    update: ["size", "hosts", "password"],
    replace: news.size > 9 ? ["size", "name"] : ["name"],
  }),
  async create(inputs, context) {
    done.push(`create ${inputs.name}`);
    await work(context);
    return {
      id: inputs.name,
      outs: { ...inputs, address: "1.1.1.1", version: "1" },
    };
  },
  async update(id, outs, news, context) {
    done.push(`update ${id}`);
    await work(context);
    return { outs: { ...outs, ...news, version: "2" } };
  },
  async read(id, outs) {
    done.push(`read ${id}`);
    return outs.zone === "gone" ? undefined : { outs: { ...outs, size: 7 } };
  },
  async import(id) {
    if (id !== "known") return undefined;
    const inputs = schema.parse({ name: id });
    return { inputs, outs: { ...inputs, address: "1.1.1.1", version: "1" } };
  },
  async delete(id, _outs, context) {
    done.push(`delete ${id}`);
    await work(context);
  },
};

const image: ResourceKind<{ tag: string }, { tag: string; ref: string }> = {
  type: "mlstack:index:Picture",
  schema: z.strictObject({ tag: z.string() }),
  diff: () => ({ update: ["tag"] }),
  preview: ({ tag }) => ({ ref: `picture:${tag}` }),
  create: async ({ tag }) => ({
    id: "picture",
    outs: { tag, ref: `picture:${tag}` },
  }),
  update: async (_id, _outs, { tag }) => ({
    outs: { tag, ref: `picture:${tag}` },
  }),
};

const stored = (inputs: Properties, outs: Properties = {}) => ({
  id: "it",
  inputs,
  outs: { ...inputs, address: "1.1.1.1", version: "1", ...outs },
});

describe("provider service", () => {
  let provider: ProviderHarness;
  const inputs = { name: "it", size: 1, zone: "a", hosts: [] };

  beforeEach(async () => {
    done = [];
    work = async () => undefined;
    provider = await ProviderHarness.ofKinds([machine, image], new Calls(0.05));
  });
  afterEach(() => provider.stop());

  describe("check", () => {
    it("fills in defaults, beside what is not known yet too", async () => {
      const known = await provider.check(machine.type, { name: "it" });
      assert.deepEqual(known.inputs, inputs);
      const preview = await provider.check(machine.type, {
        name: unknown,
        password: new Secret("secret"),
      });
      assert.deepEqual(preview.failures, []);
      assert.deepEqual(preview.inputs["size"], 1);
      assert.ok(hasUnknown(preview.inputs["name"] ?? null));
      assert.ok(preview.inputs["password"] instanceof Secret);
    });

    it("names each mistake and no secret", async () => {
      const { failures } = await provider.check(machine.type, {
        name: "It",
        size: "big",
        password: new Secret("abc"),
        other: 1,
      });
      assert.match(failures.join("\n"), /name: "It": write letters/);
      assert.match(failures.join("\n"), /size: "big"/);
      assert.match(failures.join("\n"), /other/);
      assert.doesNotMatch(failures.join("\n"), /abc/);
    });
  });

  describe("diff", () => {
    it("finds no change where a release has added an input with a default", async () => {
      const old = { name: "it", size: 1 };
      const found = await provider.diff(machine.type, stored(old), inputs);
      assert.equal(found.changed, false);
    });

    it("finds no change where a release has taken an input away", async () => {
      const old = { ...inputs, colour: "red" };
      const found = await provider.diff(machine.type, stored(old), inputs);
      assert.equal(found.changed, false);
    });

    it("updates, replaces, and deletes first", async () => {
      const update = { ...inputs, size: 2 };
      assert.deepEqual(
        await provider.diff(machine.type, stored(inputs), update),
        {
          changed: true,
          diffs: ["size"],
          replaces: [],
          deleteBeforeReplace: true,
        },
      );
      for (const news of [
        { ...inputs, name: "other" },
        { ...inputs, size: 10 },
      ]) {
        const found = await provider.diff(machine.type, stored(inputs), news);
        assert.equal(found.replaces.length, 1);
        assert.ok(found.deleteBeforeReplace);
      }
    });

    it("refuses what can neither be updated nor replaced, by name and values", async () => {
      const news = { ...inputs, zone: "b" };
      const { details } = await failureOf(
        provider.diff(machine.type, stored(inputs), news),
      );
      assert.match(details, /zone: "b": cannot be changed from "a"/);
    });

    it("takes what is not known yet for what cannot be changed as unchanged", async () => {
      const news = { ...inputs, zone: unknown };
      const found = await provider.diff(machine.type, stored(inputs), news);
      assert.equal(found.changed, false);
    });

    it("has an update put right what a read found otherwise", async () => {
      const found = await provider.read(machine.type, stored(inputs));
      assert.equal(found?.outs["size"], 7);
      const after = await provider.diff(machine.type, found, inputs);
      assert.deepEqual(after.diffs, ["size"]);
      assert.deepEqual(after.replaces, []);
    });
  });

  describe("preview", () => {
    it("of a creation knows what the kind can tell", async () => {
      const found = await provider.create(
        image.type,
        { tag: "1" },
        { preview: true },
      );
      assert.equal(found.outs["ref"], "picture:1");
    });

    it("of an update knows as much as that of a creation", async () => {
      const old = {
        id: "p",
        inputs: { tag: "1" },
        outs: { tag: "1", ref: "picture:1" },
      };
      const news = { tag: "2" };
      const found = await provider.update(image.type, old, news, {
        preview: true,
      });
      assert.deepEqual(found.outs, { tag: "2", ref: "picture:2" });
    });

    it("of an update hides outputs that it may change, and no others", async () => {
      const news = { ...inputs, size: 2 };
      const { outs } = await provider.update(
        machine.type,
        stored(inputs),
        news,
        {
          preview: true,
        },
      );
      assert.deepEqual(outs, { ...news, address: "1.1.1.1", version: unknown });
    });

    it("of an update drops an input that is no longer given", async () => {
      const old = stored({ ...inputs, password: "secret" });
      const { outs } = await provider.update(machine.type, old, inputs, {
        preview: true,
      });
      assert.ok(!("password" in outs));
    });

    it("makes nothing", async () => {
      await provider.create(machine.type, inputs, { preview: true });
      await provider.update(machine.type, stored(inputs), inputs, {
        preview: true,
      });
      assert.deepEqual(done, []);
    });
  });

  describe("a failed operation", () => {
    it("that made nothing keeps nothing", async () => {
      work = () => Promise.reject(new Error("no room"));
      const failure = await failureOf(provider.create(machine.type, inputs));
      assert.equal(failure.details, "no room");
      assert.equal(keptBy(failure), undefined);
    });

    it("that made a part keeps it, for creations and updates", async () => {
      work = () =>
        Promise.reject(
          new PartialFailure(
            "it",
            { hosts: ["one"], address: "1.1.1.1" },
            "host two does not answer",
          ),
        );
      const news = { ...inputs, hosts: ["one", "two"] };
      for (const call of [
        provider.create(machine.type, news),
        provider.update(machine.type, stored(inputs), news),
      ]) {
        const kept = keptBy(await failureOf(call));
        assert.deepEqual(kept, {
          id: "it",
          outs: { ...news, hosts: ["one"], address: "1.1.1.1" },
          reasons: ["host two does not answer"],
        });
      }
      // The next `up` sees that the part is not the whole.
      const after = await provider.diff(
        machine.type,
        { id: "it", inputs: news, outs: { ...news, hosts: ["one"] } },
        news,
      );
      assert.deepEqual(after.diffs, ["hosts"]);
    });

    it("keeps secrets secret", async () => {
      work = () => Promise.reject(new PartialFailure("it", {}, "half"));
      const news = { ...inputs, password: new Secret("secret") };
      const kept = keptBy(await failureOf(provider.create(machine.type, news)));
      assert.ok(kept?.outs["password"] instanceof Secret);
    });
  });

  describe("values of the state", () => {
    const edited = stored({ ...inputs, name: "../../etc" });
    const calls: Record<string, () => Promise<unknown>> = {
      delete: () => provider.delete(machine.type, edited),
      read: () => provider.read(machine.type, edited),
      update: () => provider.update(machine.type, edited, inputs),
      diff: () => provider.diff(machine.type, edited, inputs),
    };
    for (const [name, call] of Object.entries(calls)) {
      it(`that the schema forbids stop a ${name} before anything is done`, async () => {
        const { details } = await failureOf(call());
        assert.match(details, /name: "\.\.\/\.\.\/etc": write letters/);
        assert.deepEqual(done, []);
      });
    }

    it("are not shown where they are secret", async () => {
      const odd = stored({ ...inputs, password: new Secret("abc") });
      const { details } = await failureOf(provider.delete(machine.type, odd));
      assert.match(details, /password: "\[secret\]": write four characters/);
      assert.doesNotMatch(details, /abc/);
    });

    it("may lack an input that has a default by now", async () => {
      await provider.delete(machine.type, stored({ name: "it" }));
      assert.deepEqual(done, ["delete it"]);
    });
  });

  describe("read", () => {
    it("says so when there is nothing any more", async () => {
      const gone = stored({ ...inputs, zone: "gone" });
      assert.equal(await provider.read(machine.type, gone), undefined);
    });

    it("imports by ID, with the inputs that a program must declare", async () => {
      const found = await provider.import(machine.type, "known");
      assert.deepEqual(found?.inputs, { ...inputs, name: "known" });
      assert.equal(found.outs["address"], "1.1.1.1");
      assert.equal(await provider.import(machine.type, "unknown"), undefined);
    });

    it("refuses to import a kind that cannot be", async () => {
      const { details } = await failureOf(provider.import(image.type, "x"));
      assert.match(details, /cannot be imported/);
    });
  });

  describe("limits", () => {
    const untilAborted = (context: Context) =>
      new Promise<void>((_resolve, reject) => {
        context.signal.addEventListener("abort", () =>
          reject(context.signal.reason as Error),
        );
      });

    it("end every kind of call at the custom timeout", async () => {
      work = untilAborted;
      const limit = { timeout: 0.05 };
      for (const call of [
        provider.create(machine.type, inputs, limit),
        provider.update(machine.type, stored(inputs), inputs, limit),
        provider.delete(machine.type, stored(inputs), limit),
      ]) {
        const { details } = await failureOf(call);
        assert.match(details, /not done within 0\.05 s; .*customTimeouts/);
      }
    });

    it("end a call whose operation does not heed them", async () => {
      work = () => new Promise(() => undefined);
      const call = provider.create(machine.type, inputs, { timeout: 0.05 });
      assert.match((await failureOf(call)).details, /not done within/);
    });

    it("are the kind's own unless the program sets one", async () => {
      await provider.stop();
      provider = await ProviderHarness.ofKinds([
        { ...machine, limitSeconds: ({ size }: Inputs) => size / 20 },
      ]);
      work = untilAborted;
      const { details } = await failureOf(
        provider.create(machine.type, inputs),
      );
      assert.match(details, /not done within 0\.05 s/);
    });

    it("include a cancellation, which claims no more than it did", async () => {
      work = untilAborted;
      const call = failureOf(provider.create(machine.type, inputs));
      while (done.length === 0) await pause(5);
      await provider.cancel();
      const { details } = await call;
      assert.match(details, /^cancelled before it ended/);
      assert.doesNotMatch(details, /removed/);
      const later = await failureOf(
        provider.delete(machine.type, stored(inputs)),
      );
      assert.match(later.details, /cancelled/);
    });
  });

  it("tells progress beside the resource", async () => {
    work = async (context) => context.log(`works for ${context.urn}`);
    await provider.create(machine.type, inputs);
    assert.deepEqual(provider.lines, [`works for ${urnOf(machine.type)}`]);
  });

  it("does not repeat what has not changed", async () => {
    work = async ({ log }) => {
      for (const state of ["waits", "waits", "runs", "runs", "waits"])
        log(state);
    };
    const before = provider.lines.length;
    await provider.create(machine.type, inputs);
    assert.deepEqual(provider.lines.slice(before), ["waits", "runs", "waits"]);
  });
});
