import assert from "node:assert/strict";
import {
  type ChildProcess,
  execFileSync,
  spawn,
  spawnSync,
} from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { Agent } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { AwsClient } from "aws4fetch";

import { terminalProgress } from "../../infra/supply/steps";
import { ensureTools } from "../../infra/supply/toolchain/build";
import { toolPath } from "../../infra/supply/toolchain/tools";
import {
  iamPort,
  region,
  s3Port,
} from "../../infra/object-store/embedded-address";
import { embeddedPod } from "../../infra/object-store/embedded-pod";
import {
  accountDrift,
  ensureAccount,
  hasAccount,
  type KeyPair,
  removeAccount,
} from "../../infra/provider/store-accounts";
import {
  bucketDrift,
  ensureBucket,
  hasBucket,
  removeBucket,
} from "../../infra/provider/store-buckets";
import {
  elements,
  probeStore,
  StoreClient,
} from "../../infra/provider/store-client";
import { layerOf } from "../red-team/answers";
import { attempts as redTeam } from "../red-team/attempts";
import { eventually } from "../support/eventually";

/** The real program, by the commands of the store's pod, on loopback. */
describe("embedded store", function () {
  const folder = mkdtempSync(join(tmpdir(), "mlstack-store-"));
  const rootSecretKey = randomBytes(32).toString("hex");
  const running: ChildProcess[] = [];
  let ports: { s3: number; iam: number; admin: number };
  let store: StoreClient;

  before(async () => {
    const [s3 = 0, iam = 0, admin = 0] = await freePorts(3);
    ports = { s3, iam, admin };
    store = new StoreClient(
      { agent: new Agent({ keepAlive: true }), s3Port: s3, iamPort: iam },
      rootSecretKey,
      new AbortController().signal,
    );
    await ensureTools(["versitygw"], terminalProgress);
    start();
    await answers();
  });

  after(async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function start(): void {
    type Containers = readonly { readonly command: readonly string[] }[];
    const { initContainers, containers } = embeddedPod({
      ...{ image: "image", claim: "claim", rootSecret: "secret" },
    }) as unknown as {
      readonly initContainers: Containers;
      readonly containers: Containers;
    };
    for (const { command } of initContainers) {
      const [shell = "", ...args] = command.map((word) =>
        word.replaceAll("/data", folder),
      );
      execFileSync(shell, args);
    }
    for (const { command } of containers) {
      const [shell = "", ...args] = command.map((word) =>
        word
          .replaceAll("/data", folder)
          .replaceAll("/run/versitygw", folder)
          .replaceAll(`--port :${s3Port}`, `--port 127.0.0.1:${ports.s3}`)
          .replaceAll(`:${iamPort}`, `:${ports.iam}`)
          .replaceAll(":7071", `:${ports.admin}`)
          .replaceAll("exec versitygw", `exec ${toolPath("versitygw")}`),
      );
      running.push(
        spawn(shell, args, {
          stdio: ["ignore", "ignore", "inherit"],
          env: {
            PATH: process.env["PATH"],
            ROOT_ACCESS_KEY_ID: "root",
            ROOT_SECRET_ACCESS_KEY: rootSecretKey,
          },
        }),
      );
    }
  }

  async function stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    await Promise.all(
      running.splice(0).map(
        (process) =>
          new Promise((resolve) => {
            if (process.exitCode !== null) return resolve(undefined);
            process.once("exit", resolve);
            process.kill(signal);
          }),
      ),
    );
  }

  async function answers(): Promise<void> {
    await eventually(async () => {
      await store.iam("ListUsers", {});
      await store.s3("GET", "/");
      return true;
    });
  }

  const bucketArgs = (bucket: string, versioned = false) => ({
    bucket,
    versioned,
    expireNoncurrentDays: 30,
    forceDestroy: true,
  });

  /** S3 calls of a key pair, or of nobody. */
  function as(pair?: KeyPair) {
    const client = pair && new AwsClient({ ...pair, service: "s3", region });
    return async (
      method: string,
      path: string,
      body?: string,
      headers: Record<string, string> = {},
    ): Promise<{ status: number; text: string; headers: Headers }> => {
      const url = `http://127.0.0.1:${ports.s3}${path}`;
      const md5 = createHash("md5")
        .update(body ?? "")
        .digest("base64");
      const request = {
        method,
        headers: { ...headers, ...(body && { "content-md5": md5 }) },
        body,
      };
      const answer = await (client
        ? client.fetch(url, request)
        : fetch(url, request));
      return {
        status: answer.status,
        text: await answer.text(),
        headers: answer.headers,
      };
    };
  }

  const root = () =>
    as({ accessKeyId: "root", secretAccessKey: rootSecretKey });

  /** Every kind of call that a tenant could try on a bucket, by its name. */
  const calls: Readonly<
    Record<
      string,
      (s3: ReturnType<typeof as>, bucket: string) => Promise<{ status: number }>
    >
  > = {
    list: (s3, bucket) => s3("GET", `/${bucket}?list-type=2`),
    read: (s3, bucket) => s3("GET", `/${bucket}/given`),
    "read a range": (s3, bucket) =>
      s3("GET", `/${bucket}/given`, undefined, { range: "bytes=1-2" }),
    head: (s3, bucket) => s3("HEAD", `/${bucket}/given`),
    write: (s3, bucket) => s3("PUT", `/${bucket}/written`, "written"),
    copy: (s3, bucket) =>
      s3("PUT", `/${bucket}/copied`, undefined, {
        "x-amz-copy-source": `/${bucket}/given`,
      }),
    "begin a multipart upload": (s3, bucket) =>
      s3("POST", `/${bucket}/parts?uploads`, ""),
    "list uploads": (s3, bucket) => s3("GET", `/${bucket}?uploads`),
    delete: (s3, bucket) => s3("DELETE", `/${bucket}/written`),
    "delete several": async (s3, bucket) => {
      const { status, text } = await s3(
        "POST",
        `/${bucket}?delete`,
        "<Delete><Object><Key>written</Key></Object></Delete>",
      );
      return { status: text.includes("AccessDenied") ? 403 : status };
    },
    "delete a version": (s3, bucket) =>
      s3("DELETE", `/${bucket}/given?versionId=null`),
    "list versions": (s3, bucket) => s3("GET", `/${bucket}?versions`),
    "stop versioning": (s3, bucket) =>
      s3(
        "PUT",
        `/${bucket}?versioning`,
        "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>",
      ),
    "read the policy": (s3, bucket) => s3("GET", `/${bucket}?policy`),
    "write a policy": (s3, bucket) =>
      s3("PUT", `/${bucket}?policy`, publicPolicy(bucket)),
    "write an ACL": (s3, bucket) =>
      s3("PUT", `/${bucket}?acl`, undefined, { "x-amz-acl": "public-read" }),
    "write tags": (s3, bucket) =>
      s3("PUT", `/${bucket}?tagging`, "<Tagging><TagSet></TagSet></Tagging>"),
    "delete the bucket": (s3, bucket) => s3("DELETE", `/${bucket}`),
    "make a bucket": (s3, bucket) => s3("PUT", `/${bucket}-another`),
  };
  const reading = ["list", "read", "read a range", "head"];
  const writing = [
    ...reading,
    "write",
    "copy",
    "begin a multipart upload",
    "list uploads",
    "delete",
    "delete several",
  ];

  for (const [who, grants, allowed] of [
    ["a reader", [{ bucket: "granted", access: "read" }], reading],
    ["a writer", [{ bucket: "granted", access: "write" }], writing],
    ["an account without grants", [], []],
    [
      "a writer of another bucket",
      [{ bucket: "granted-too", access: "write" }],
      [],
    ],
    ["nobody", undefined, []],
  ] as const) {
    it(`lets ${who} do ${allowed.length} of ${Object.keys(calls).length} calls`, async () => {
      for (const bucket of ["granted", "granted-too"])
        await ensureBucket(store, bucketArgs(bucket));
      assert.equal(
        (await root()("PUT", "/granted/given", "given")).status,
        200,
      );
      const pair =
        grants &&
        (await ensureAccount(store, { account: "ml-tenant", grants }));
      const answered = [];
      for (const [name, call] of Object.entries(calls)) {
        const { status } = await call(as(pair), "granted");
        assert.ok(
          status < 300 || status === 403 || status === 401,
          `${name}: ${status}`,
        );
        if (status < 300) answered.push(name);
      }
      assert.deepEqual(answered, [...allowed]);
      const { text } = await root()("GET", "/granted/given");
      assert.equal(text, "given");
    });
  }

  it("lists no buckets of others", async () => {
    const pair = await ensureAccount(store, {
      account: "ml-tenant",
      grants: [],
    });
    assert.doesNotMatch((await as(pair)("GET", "/")).text, /granted/);
  });

  it("keeps the admin and IAM calls from accounts, and the first from the port of the S3 API", async () => {
    const pair = await ensureAccount(store, {
      account: "ml-tenant",
      grants: [],
    });
    const onS3 = await root()("PATCH", "/list-users");
    assert.equal(onS3.status, 405);
    const iam = new AwsClient({ ...pair, service: "iam", region });
    const answer = await iam.fetch(`http://127.0.0.1:${ports.iam}/`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "Action=ListUsers&Version=2010-05-08",
    });
    assert.equal(answer.status, 403);
  });

  it("holds the grants of many accounts, each on many buckets", async () => {
    const grants = Array.from({ length: 20 }, (_, index) => ({
      bucket: `features-of-a-team-${index}`,
      access: index % 2 ? ("read" as const) : ("write" as const),
    }));
    for (let index = 0; index < 40; index++)
      await ensureAccount(store, { account: `many-${index}`, grants });
    for (let index = 0; index < 40; index++)
      await removeAccount(store, `many-${index}`);
  });

  it("leaves one key when a run was killed before it noted the first", async () => {
    const args = {
      account: "killed",
      grants: [{ bucket: "granted", access: "read" as const }],
    };
    const lost = await ensureAccount(store, args);
    const kept = await ensureAccount(store, args);
    assert.equal((await as(lost)("GET", "/granted?list-type=2")).status, 403);
    assert.equal((await as(kept)("GET", "/granted?list-type=2")).status, 200);
    assert.deepEqual(
      elements(
        await store.iam("ListAccessKeys", { UserName: "killed" }),
        "AccessKeyId",
      ),
      [kept.accessKeyId],
    );
  });

  it("sees what was changed by hand, and puts it right", async () => {
    const args = {
      account: "drifting",
      grants: [{ bucket: "granted", access: "read" as const }],
    };
    let pair = await ensureAccount(store, args);
    const UserName = args.account;
    const now = () => accountDrift(store, { ...args, ...pair });
    assert.deepEqual(await now(), []);
    const changes: readonly (readonly [string, () => Promise<unknown>])[] = [
      [
        "grants",
        () =>
          store.iam("PutUserPolicy", {
            UserName,
            PolicyName: "grants",
            PolicyDocument: everything,
          }),
      ],
      [
        "grants",
        () =>
          store.iam("PutUserPolicy", {
            UserName,
            PolicyName: "more",
            PolicyDocument: everything,
          }),
      ],
      [
        "grants",
        () => store.iam("DeleteUserPolicy", { UserName, PolicyName: "grants" }),
      ],
      ["accessKeyId", () => store.iam("CreateAccessKey", { UserName })],
      [
        "accessKeyId",
        () =>
          store.iam("DeleteAccessKey", {
            UserName,
            AccessKeyId: pair.accessKeyId,
          }),
      ],
      [
        "accessKeyId",
        () =>
          store.iam("UpdateAccessKey", {
            UserName,
            AccessKeyId: pair.accessKeyId,
            Status: "Inactive",
          }),
      ],
      ["accessKeyId,grants", () => removeAccount(store, UserName)],
    ];
    for (const [drifted, change] of changes) {
      await change();
      assert.equal((await now()).join(), drifted);
      pair = await ensureAccount(store, args, pair);
      assert.deepEqual(await now(), []);
      assert.equal((await as(pair)("GET", "/granted?list-type=2")).status, 200);
      assert.equal((await as(pair)("PUT", "/granted/x", "x")).status, 403);
    }
    await removeAccount(store, UserName);
    await removeAccount(store, UserName);
    assert.equal(await hasAccount(store, UserName), false);
    assert.equal((await as(pair)("GET", "/granted?list-type=2")).status, 403);
  });

  it("keeps the key of an account whose grants change", async () => {
    const account = "regranted";
    const before = await ensureAccount(store, { account, grants: [] });
    const grants = [{ bucket: "granted", access: "write" as const }];
    assert.deepEqual(
      await ensureAccount(store, { account, grants }, before),
      before,
    );
    assert.equal((await as(before)("PUT", "/granted/mine", "1")).status, 200);
  });

  it("makes buckets with versions or without, and puts them right", async () => {
    for (const versioned of [false, true]) {
      const args = bucketArgs(`settings-${versioned}`, versioned);
      const path = `/${args.bucket}`;
      await ensureBucket(store, args);
      await ensureBucket(store, args);
      assert.deepEqual(await bucketDrift(store, args), []);
      await store.s3("PUT", `${path}?policy`, publicPolicy(args.bucket));
      await store.s3("PUT", `${path}?versioning`, versioning(!versioned));
      await store.s3("DELETE", `${path}?tagging`);
      assert.deepEqual(await bucketDrift(store, args), [
        "versioned",
        "expireNoncurrentDays",
        "policy",
      ]);
      await ensureBucket(store, args);
      assert.deepEqual(await bucketDrift(store, args), []);
      await removeBucket(store, args);
      await removeBucket(store, args);
      assert.equal(await hasBucket(store, args.bucket), false);
    }
  });

  it("removes no bucket with objects or old versions, unless it may", async () => {
    const args = { ...bucketArgs("kept", true), forceDestroy: false };
    await ensureBucket(store, args);
    const odd = `/kept/a folder/${encodeURIComponent("ä+b&c")}`;
    const made = await root()("PUT", odd, "1");
    assert.equal(made.status, 200, made.text);
    await assert.rejects(removeBucket(store, args), /bucket kept: has objects/);
    await root()("DELETE", odd);
    await assert.rejects(removeBucket(store, args), /bucket kept: has objects/);
    await removeBucket(store, { ...args, forceDestroy: true });
    assert.equal(await hasBucket(store, "kept"), false);
  });

  it("finds no drift where there is no cluster to look at", async () => {
    const kubeconfig = JSON.stringify({
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
      clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1" } }],
      users: [{ name: "u", user: {} }],
    });
    const found = await probeStore(
      { kubeconfig, rootSecretKey: "secret" },
      "none",
      (store) => store.s3("GET", "/"),
    );
    assert.equal(found, "none");
  });

  it("writes once where a client demands it, and only what was read before", async () => {
    await ensureBucket(store, bucketArgs("conditions"));
    const put = (body: string, headers: Record<string, string>) =>
      root()("PUT", "/conditions/lock", body, headers);
    const tries = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        put(String(index), { "if-none-match": "*" }),
      ),
    );
    assert.equal(tries.filter(({ status }) => status === 200).length, 1);
    const [first] = tries.filter(({ status }) => status === 200);
    const etag = first?.headers.get("etag") ?? "";
    assert.equal((await put("next", { "if-match": etag })).status, 200);
    assert.equal((await put("late", { "if-match": etag })).status, 412);
    assert.equal((await root()("GET", "/conditions/lock")).text, "next");
  });

  it("puts parts together, and gives ranges of the whole", async () => {
    await ensureBucket(store, bucketArgs("parts"));
    const begun = await root()("POST", "/parts/whole?uploads", "");
    const [id = ""] = elements(begun.text, "UploadId");
    const parts = ["a".repeat(5 << 20), "b".repeat(5 << 20), "c"];
    const tags = await Promise.all(
      parts.map(async (part, index) => {
        const answer = await root()(
          "PUT",
          `/parts/whole?partNumber=${index + 1}&uploadId=${id}`,
          part,
        );
        return answer.headers.get("etag") ?? "";
      }),
    );
    const document = tags
      .map(
        (tag, index) =>
          `<Part><PartNumber>${index + 1}</PartNumber><ETag>${tag}</ETag></Part>`,
      )
      .join("");
    const done = await root()(
      "POST",
      `/parts/whole?uploadId=${id}`,
      `<CompleteMultipartUpload>${document}</CompleteMultipartUpload>`,
    );
    assert.equal(done.status, 200, done.text);
    const range = async (bytes: string) =>
      (
        await root()("GET", "/parts/whole", undefined, {
          range: `bytes=${bytes}`,
        })
      ).text;
    assert.equal(await range(`${(5 << 20) - 2}-${(5 << 20) + 1}`), "aabb");
    assert.equal(await range("-2"), "bc");
    const copied = await root()("PUT", "/parts/copy", undefined, {
      "x-amz-copy-source": "/parts/whole",
    });
    assert.equal(copied.status, 200);
    assert.equal(
      (await root()("HEAD", "/parts/copy")).headers.get("content-length"),
      String((10 << 20) + 1),
    );
  });

  it("has everything that it answered for after a kill", async () => {
    await ensureBucket(store, bucketArgs("survives"));
    const written: number[] = [];
    let stopped = false;
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      for (let index = writer; !stopped; index += 4) {
        const { status } = await root()(
          "PUT",
          `/survives/${index}`,
          `object ${index}`,
        ).catch(() => ({ status: 0 }));
        if (status === 200) written.push(index);
      }
    });
    await eventually(async () => written.length > 100);
    await stop("SIGKILL");
    stopped = true;
    await Promise.all(writers);
    start();
    await answers();
    for (const index of written)
      assert.equal(
        (await root()("GET", `/survives/${index}`)).text,
        `object ${index}`,
      );
    // An object whose write was interrupted exists as a whole or not at all.
    const { text } = await root()("GET", "/survives?list-type=2&max-keys=1000");
    for (const key of elements(text, "Key"))
      assert.equal(
        (await root()("GET", `/survives/${key}`)).text,
        `object ${key}`,
      );
    const pair = await ensureAccount(store, {
      account: "after",
      grants: [{ bucket: "survives", access: "read" }],
    });
    assert.equal((await as(pair)("GET", "/survives/0")).status, 200);
  });

  it("ends at once when it is asked to, though clients keep their connections", async () => {
    await root()("GET", "/");
    const began = Date.now();
    await stop();
    assert.ok(Date.now() - began < 25_000);
    start();
    await answers();
  });

  describe("paths out of a bucket", () => {
    const victims = {
      "data/a.parquet": "of another account",
      "data/1": "numbered as a part is",
      "deep/er/object": "in a folder",
    };
    let attacker: ReturnType<typeof as>;
    let unchanged: Readonly<Record<string, string>>;

    beforeEach(async () => {
      for (const bucket of ["mine", "victims"])
        await ensureBucket(store, bucketArgs(bucket));
      for (const [key, body] of Object.entries(victims))
        await root()("PUT", `/victims/${key}`, body);
      const grants = [{ bucket: "mine", access: "write" as const }];
      attacker = as(await ensureAccount(store, { account: "mine", grants }));
      assert.equal((await attacker("PUT", "/mine/k", "mine")).status, 200);
      unchanged = others();
    });

    /** Contents of the files that are none of the attacker's business: another bucket, and the accounts. */
    function others(): Record<string, string> {
      const files = ["buckets/victims", "iam"].flatMap((path) =>
        readdirSync(join(folder, path), { recursive: true }).map((file) =>
          join(folder, path, String(file)),
        ),
      );
      return Object.fromEntries(
        files
          .filter((file) => statSync(file).isFile())
          .map((file) => [file, readFileSync(file, "utf8")]),
      );
    }

    /** An upload ID that leads from the folder of a key's uploads to a path beside the buckets. */
    const upload = (path: string) =>
      `uploadId=${encodeURIComponent(`../../../../${path}`)}`;

    const batch = (...keys: readonly string[]) =>
      `<Delete>${keys.map((key) => `<Object><Key>${key}</Key></Object>`).join("")}</Delete>`;

    const attempts: Readonly<
      Record<string, () => Promise<{ status: number; text: string }>>
    > = {
      "deletes an object of another bucket by a key in a batch": () =>
        attacker("POST", "/mine?delete", batch("../victims/data/a.parquet")),
      "deletes an object of another bucket by a key in a batch that leads in and out":
        () =>
          attacker(
            "POST",
            "/mine?delete",
            batch("a/../../victims/data/a.parquet"),
          ),
      "deletes the folder of its bucket by an empty key in a batch": () =>
        attacker("POST", "/mine?delete", batch("", ".", "/")),
      "deletes a folder of another bucket by an upload ID": () =>
        attacker("DELETE", `/mine/k?${upload("victims/deep")}`),
      "writes into another bucket by an upload ID": () =>
        attacker("PUT", `/mine/k?partNumber=7&${upload("victims/data")}`, "7"),
      "copies into another bucket by an upload ID": () =>
        attacker(
          "PUT",
          `/mine/k?partNumber=8&${upload("victims/data")}`,
          undefined,
          { "x-amz-copy-source": "/mine/k" },
        ),
      "lists names of another bucket by an upload ID": () =>
        attacker("GET", `/mine/k?${upload("victims/data")}`),
      "takes an object of another bucket as a part of its own by an upload ID":
        () =>
          attacker(
            "POST",
            `/mine/k?${upload("victims/data")}`,
            `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${createHash("md5").update(victims["data/1"]).digest("hex")}</ETag></Part></CompleteMultipartUpload>`,
          ),
      "copies an object of another bucket by a key in a header": () =>
        attacker("PUT", "/mine/stolen", undefined, {
          "x-amz-copy-source": "/mine/../victims/data/a.parquet",
        }),
      "copies an object of another bucket by an encoded key in a header": () =>
        attacker("PUT", "/mine/stolen", undefined, {
          "x-amz-copy-source": "/mine/%2e%2e%2fvictims%2fdata%2fa.parquet",
        }),
      // Last, since nobody is let in without the accounts.
      "deletes the accounts by an upload ID": () =>
        attacker("DELETE", `/mine/k?${upload("../iam")}`),
    };
    for (const [name, attempt] of Object.entries(attempts))
      it(`refuses a writer that ${name}`, async () => {
        const { status, text } = await attempt();
        const refused = /<Error>[^]*<Code>(NoSuchUpload|400|InvalidArgument)</;
        assert.match(text, refused, `${status} ${text}`);
        assert.doesNotMatch(text, /<Deleted>|<ListPartsResult/);
        assert.deepEqual(others(), unchanged);
        const { status: mine } = await attacker("GET", "/mine/k");
        assert.equal(mine, 200);
      });

    it("reads and deletes no other file by a version ID, even for the administrator", async () => {
      const file = join(folder, "outsider");
      writeFileSync(file, "outside");
      // As long as a version ID is, and from the folder of the versions of one key to that of the store.
      const version = "../../../../../../outsider";
      assert.equal(version.length, 26);
      const query = `versionId=${encodeURIComponent(version)}`;
      const read = await root()("GET", `/mine/k?${query}`);
      assert.equal(read.status, 400, read.text);
      const copied = await attacker("PUT", "/mine/copy", undefined, {
        "x-amz-copy-source": `/mine/k?versionId=${version}`,
      });
      assert.equal(copied.status, 400, copied.text);
      const one = await root()("DELETE", `/mine/k?${query}`);
      assert.equal(one.status, 400, one.text);
      const several = await root()(
        "POST",
        "/mine?delete",
        `<Delete><Object><Key>k</Key><VersionId>${version}</VersionId></Object></Delete>`,
      );
      assert.match(several.text, /<Code>InvalidArgument</);
      assert.equal(readFileSync(file, "utf8"), "outside");
    });

    it("lists nothing of another bucket by a prefix or a marker", async () => {
      const lists = ["list-type=2&", "", "uploads&", "versions&"];
      const out = encodeURIComponent("../victims/");
      for (const list of lists)
        for (const parameter of [
          "prefix",
          "marker",
          "start-after",
          "key-marker",
        ])
          for (const delimiter of ["", "&delimiter=%2F"]) {
            const query = `${list}${parameter}=${out}${delimiter}`;
            const { text } = await root()("GET", `/mine?${query}`);
            assert.doesNotMatch(
              text,
              /parquet|<Prefix>[^<]*(data|deep)/,
              query,
            );
          }
    });

    it("deletes the other keys of a batch", async () => {
      const { status, text } = await attacker(
        "POST",
        "/mine?delete",
        batch("../victims/data/a.parquet", "k"),
      );
      assert.equal(status, 200);
      assert.match(text, /<Deleted><Key>k<\/Key><\/Deleted>/);
      assert.equal((await attacker("GET", "/mine/k")).status, 404);
      assert.deepEqual(others(), unchanged);
    });

    it("answers the red team's calls as its table expects, and their controls", async () => {
      for (const bucket of ["models", "models-guests"])
        await ensureBucket(store, bucketArgs(bucket));
      const pair = await ensureAccount(store, {
        account: "trainer",
        grants: [{ bucket: "models", access: "write" }],
      });
      const tried = redTeam.filter(
        ({ action }) =>
          "store" in action && ["batch", "upload"].includes(action.store),
      );
      assert.equal(tried.length, 2);
      const { stdout, stderr } = spawnSync(
        "python3",
        [
          join(__dirname, "../red-team/calls.py"),
          JSON.stringify(
            tried.flatMap(({ action, control }) => [action, control.action]),
          ),
        ],
        {
          encoding: "utf8",
          env: {
            PATH: process.env["PATH"],
            AWS_ENDPOINT_URL: `http://127.0.0.1:${ports.s3}`,
            AWS_REGION: region,
            AWS_ACCESS_KEY_ID: pair.accessKeyId,
            AWS_SECRET_ACCESS_KEY: pair.secretAccessKey,
          },
        },
      );
      assert.equal(stderr, "");
      const said = JSON.parse(stdout) as readonly string[];
      for (const [index, { what, layer }] of tried.entries()) {
        const answer = said[2 * index] ?? "";
        assert.equal(layerOf(answer), layer, `${what}: ${answer}`);
        assert.equal(said[2 * index + 1], "yes", `control of: ${what}`);
      }
    });

    it("takes keys with dots", async () => {
      const keys = ["a..b", "..a", "a../b", "folder/..b", "folder/...", ".c"];
      for (const key of keys) {
        const made = await attacker("PUT", `/mine/${key}`, key);
        assert.equal(made.status, 200, made.text);
        assert.equal((await attacker("GET", `/mine/${key}`)).text, key);
      }
      const { text } = await attacker("POST", "/mine?delete", batch(...keys));
      assert.deepEqual(elements(text, "Key").sort(), [...keys].sort());
      assert.doesNotMatch(text, /<Error>/);
      for (const key of keys)
        assert.equal((await attacker("GET", `/mine/${key}`)).status, 404);
    });

    it("takes a writer's own upload, whole and given up", async () => {
      const begin = async (key: string) => {
        const { text } = await attacker("POST", `/mine/${key}?uploads`, "");
        return elements(text, "UploadId")[0] ?? "";
      };
      const id = await begin("parts");
      const part = await attacker(
        "PUT",
        `/mine/parts?partNumber=1&uploadId=${id}`,
        "part",
      );
      const copy = await attacker(
        "PUT",
        `/mine/parts?partNumber=2&uploadId=${id}`,
        undefined,
        { "x-amz-copy-source": "/mine/k" },
      );
      assert.equal(copy.status, 200, copy.text);
      const listed = await attacker("GET", `/mine/parts?uploadId=${id}`);
      assert.deepEqual(elements(listed.text, "PartNumber"), ["1", "2"]);
      const done = await attacker(
        "POST",
        `/mine/parts?uploadId=${id}`,
        `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.headers.get("etag") ?? ""}</ETag></Part></CompleteMultipartUpload>`,
      );
      assert.equal(done.status, 200, done.text);
      assert.equal((await attacker("GET", "/mine/parts")).text, "part");
      const other = await begin("parts");
      const given = await attacker("DELETE", `/mine/parts?uploadId=${other}`);
      assert.equal(given.status, 204, given.text);
      const gone = await attacker("GET", `/mine/parts?uploadId=${other}`);
      assert.equal(gone.status, 404);
    });
  });

  describe("expiry job", () => {
    const script = join(__dirname, "../../infra/object-store/expire.py");
    const run = () =>
      spawnSync("python3", [script], {
        encoding: "utf8",
        env: {
          PATH: process.env["PATH"],
          AWS_ENDPOINT_URL: `http://127.0.0.1:${ports.s3}`,
          AWS_REGION: region,
          AWS_ACCESS_KEY_ID: "root",
          AWS_SECRET_ACCESS_KEY: rootSecretKey,
        },
      });
    const versionsOf = async (bucket: string) =>
      elements((await root()("GET", `/${bucket}?versions`)).text, "VersionId")
        .length;

    /** Makes what is below a folder as old as so many days. */
    function age(path: string, days: number): void {
      const instant = new Date(Date.now() - days * 86_400_000);
      for (const entry of readdirSync(path, { recursive: true }).map(String))
        utimesSync(join(path, entry), instant, instant);
    }

    it("removes what is older than the bucket's days, and nothing else", async () => {
      await ensureBucket(store, bucketArgs("aging", true));
      await ensureBucket(store, bucketArgs("fresh", true));
      const s3 = root();
      for (const bucket of ["aging", "fresh"]) {
        for (const body of ["first", "second", "third"])
          await s3("PUT", `/${bucket}/a folder/replaced ü`, body);
        await s3("PUT", `/${bucket}/deleted`, "gone");
        await s3("DELETE", `/${bucket}/deleted`);
        await s3("POST", `/${bucket}/unfinished?uploads`, "");
      }
      assert.equal(await versionsOf("aging"), 5);
      age(join(folder, "versions/aging"), 31);
      age(join(folder, "buckets/aging/.sgwtmp/multipart"), 31);
      age(join(folder, "versions/fresh"), 29);
      age(join(folder, "buckets/fresh/.sgwtmp/multipart"), 29);
      // A current object may be as old as it likes.
      const current = join(folder, "buckets/aging/a folder/replaced ü");
      const long = new Date("2001-01-01");
      utimesSync(current, long, long);
      const { status, stdout, stderr } = run();
      assert.equal(status, 0, stderr);
      assert.match(
        stdout,
        /^aging: removed 3 old versions, 1 marks of deletion, 1 unfinished uploads$/m,
      );
      assert.match(
        stdout,
        /^fresh: removed 0 old versions, 0 marks of deletion, 0 unfinished uploads$/m,
      );
      assert.equal(await versionsOf("aging"), 1);
      assert.equal(await versionsOf("fresh"), 5);
      assert.equal(
        (await s3("GET", "/aging/a folder/replaced ü")).text,
        "third",
      );
      assert.ok(statSync(current).isFile());
      assert.equal((await s3("GET", "/aging/deleted")).status, 404);
      assert.equal(
        elements((await s3("GET", "/fresh?uploads")).text, "UploadId").length,
        1,
      );
    });

    it("goes through listings of several pages", async () => {
      await ensureBucket(store, bucketArgs("many", true));
      const s3 = root();
      for (let index = 0; index < 1100; index++) {
        await s3("PUT", `/many/${index}`, "1");
        await s3("DELETE", `/many/${index}`);
      }
      age(join(folder, "versions/many"), 31);
      const { status, stdout, stderr } = run();
      assert.equal(status, 0, stderr);
      assert.match(
        stdout,
        /^many: removed 1100 old versions, 1100 marks of deletion/m,
      );
      assert.equal(await versionsOf("many"), 0);
    });

    it("leaves a bucket without the tag alone", async () => {
      await store.s3("PUT", "/untagged");
      assert.doesNotMatch(run().stdout, /untagged/);
    });

    it("fails where the store refuses it", async () => {
      const { status, stderr } = spawnSync("python3", [script], {
        encoding: "utf8",
        env: {
          PATH: process.env["PATH"],
          AWS_ENDPOINT_URL: `http://127.0.0.1:${ports.s3}`,
          AWS_REGION: region,
          AWS_ACCESS_KEY_ID: "root",
          AWS_SECRET_ACCESS_KEY: "wrong",
        },
      });
      assert.equal(status, 1);
      assert.match(stderr, /SignatureDoesNotMatch/);
    });
  });
});

const everything = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }],
});

const versioning = (enabled: boolean) =>
  `<VersioningConfiguration><Status>${enabled ? "Enabled" : "Suspended"}</Status></VersioningConfiguration>`;

const publicPolicy = (bucket: string) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: "*",
        Action: "s3:GetObject",
        Resource: `arn:aws:s3:::${bucket}/*`,
      },
    ],
  });

/** Ports that nobody listens on now. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer();
          server.listen(0, "127.0.0.1", () => resolve(server));
        }),
    ),
  );
  return Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          const address = server.address();
          const port = typeof address === "object" ? (address?.port ?? 0) : 0;
          server.close(() => resolve(port));
        }),
    ),
  );
}
