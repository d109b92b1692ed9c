import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { Server, ServerCredentials, credentials } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { CheckRequest, CreateRequest } from "@pulumi/pulumi/proto/provider_pb";

import { isPeerOf, socketInode } from "../../../infra/provider/engine-peer";
import { unknown } from "../../../infra/provider/plugin/value";
import { failureOf, ProviderHarness } from "./harness";

const secretType = "mlstack:index:RandomSecret";

/** Asks the provider for a secret from a process of its own. @returns what it answers */
async function askAsAnother(port: number, user?: number): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--require",
    "tsx/cjs",
    join(__dirname, "other-process.ts"),
    String(port),
    ...(user === undefined ? [] : [String(user)]),
  ]);
  return stdout;
}

describe("provider process", function () {
  this.timeout(60_000);
  let provider: ProviderHarness;

  before(async () => {
    provider = await ProviderHarness.ofProcess();
  });
  after(() => provider.stop());

  it("serves the engine that started it", async () => {
    const { outs } = await provider.create(secretType, { bytes: 16 });
    assert.ok(outs["hex"] !== undefined);
  });

  it("refuses every other process, whoever's it is", async () => {
    const other = await askAsAnother(provider.port);
    assert.match(other, /PERMISSION_DENIED.*engine that started it/);
    if (process.getuid?.() === 0) {
      const nobody = await askAsAnother(provider.port, 65534);
      assert.match(nobody, /PERMISSION_DENIED.*engine that started it/);
    }
  });

  it("answers garbage with an error, and goes on", async () => {
    const client = new ResourceProviderClient(
      `127.0.0.1:${provider.port}`,
      credentials.createInsecure(),
    );
    for (const urn of ["", "::", "urn:pulumi:a::b::constructor::c", "\0"]) {
      for (const request of [
        new CheckRequest().setUrn(urn),
        new CreateRequest().setUrn(urn),
      ]) {
        const { details } = await failureOf(
          new Promise((resolve, reject) => {
            const done = (error: unknown, value: unknown) =>
              error ? reject(error) : resolve(value);
            if (request instanceof CheckRequest) client.check(request, done);
            else client.create(request, done);
          }),
        );
        assert.match(details, /unknown resource type/);
      }
    }
    client.close();
    for (const bytes of [null, "sixteen", -1, 1e9, [], { a: {} }, unknown]) {
      const { details } = await failureOf(
        provider.create(secretType, { bytes, other: 1 }),
      );
      assert.notEqual(details, "");
    }
    const { outs } = await provider.create(secretType, { bytes: 16 });
    assert.ok(outs["hex"] !== undefined);
  });

  it("does nothing for values of a state that it did not write", async () => {
    for (const type of [
      "mlstack:index:LocalCluster",
      "mlstack:index:SshCluster",
      "mlstack:index:JobEnd",
      "mlstack:index:Teardown",
      "mlstack:index:RandomSecret",
    ]) {
      const odd = { id: "x", inputs: {}, outs: { name: "../../etc" } };
      for (const call of [
        provider.delete(type, odd),
        provider.read(type, odd),
        provider.update(type, odd, {}),
      ]) {
        const { details } = await failureOf(call);
        assert.match(details, /what the state keeps of it/, type);
      }
    }
  });

  it("begins nothing after a cancellation, and ends at an interruption", async () => {
    const own = await ProviderHarness.ofProcess();
    await own.cancel();
    const late = await failureOf(own.create(secretType, { bytes: 16 }));
    assert.match(late.details, /cancelled/);
    await own.stop();
  });
});

describe("the other end of a connection", () => {
  it("is found in the kernel's table by both addresses", () => {
    const table = [
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
      "   0: 0100007F:9CB0 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 4711 1 0",
      "   1: 0100007F:C350 0100007F:9CB0 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0",
    ].join("\n");
    assert.equal(socketInode(table, "127.0.0.1:40112", 50000), "4711");
    assert.equal(socketInode(table, "127.0.0.1:40113", 50000), undefined);
    assert.equal(socketInode(table, "[::1]:40112", 50000), undefined);
    assert.equal(socketInode(table, "unix:/tmp/x", 50000), undefined);
  });

  it("belongs to the process that made it, and to no other", async () => {
    const server = new Server();
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync(
        "127.0.0.1:0",
        ServerCredentials.createInsecure(),
        (error, bound) => (error ? reject(error) : resolve(bound)),
      ),
    );
    const { connect } = await import("node:net");
    const socket = connect(port, "127.0.0.1");
    await new Promise((resolve) => socket.once("connect", resolve));
    const peer = `127.0.0.1:${socket.localPort}`;
    assert.ok(isPeerOf(process.pid, peer, port));
    assert.ok(!isPeerOf(process.ppid, peer, port));
    assert.ok(!isPeerOf(process.pid, `127.0.0.1:${port}`, port));
    socket.destroy();
    server.forceShutdown();
  });
});
