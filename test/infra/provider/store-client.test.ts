import assert from "node:assert/strict";
import { Agent } from "node:http";
import { createServer, type Server, type Socket } from "node:net";

import {
  elements,
  StoreClient,
  StoreError,
  UnreachableStore,
} from "../../../infra/provider/store-client";

describe("store client", () => {
  const sockets = new Set<Socket>();
  let server: Server;
  let port: number;
  let answer: string | undefined;

  before(async () => {
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("data", () => answer !== undefined && socket.end(answer));
    });
    await new Promise<void>((resolve) =>
      server.listen(0, "127.0.0.1", () => resolve()),
    );
    const address = server.address();
    port = typeof address === "object" ? (address?.port ?? 0) : 0;
  });

  after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  const client = (signal: AbortSignal) =>
    new StoreClient(
      { agent: new Agent(), s3Port: port, iamPort: port },
      "secret",
      signal,
    );
  const never = new AbortController().signal;

  it("gives up with the run that was cancelled, though the store is silent", async () => {
    answer = undefined;
    const run = new AbortController();
    const call = client(run.signal).s3("GET", "/");
    setImmediate(() => run.abort(new Error("cancelled")));
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof UnreachableStore);
      assert.match(
        error.message,
        /versitygw\/versitygw-0\) cannot be reached: cancelled/,
      );
      return true;
    });
  });

  it("says within what it was not answered", () =>
    assert.rejects(
      client(AbortSignal.timeout(50)).iam("ListUsers", {}),
      /cannot be reached: no answer in time/,
    ));

  it("tells the store's own word for an error", async () => {
    const body =
      "<Error><Code>NoSuchBucket</Code><Message>none &amp; nowhere</Message></Error>";
    answer = `HTTP/1.1 404 Not Found\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    await assert.rejects(client(never).s3("GET", "/raw"), (error) => {
      assert.ok(error instanceof StoreError);
      assert.equal(error.code, "NoSuchBucket");
      assert.match(
        error.message,
        /refused GET \/raw: NoSuchBucket: none & nowhere/,
      );
      return true;
    });
  });

  it("is refused as unreachable when the connection breaks off", async () => {
    answer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf";
    await assert.rejects(client(never).s3("GET", "/"), UnreachableStore);
  });
});

describe("elements", () => {
  it("gives the texts of a name in their order, entities resolved", () =>
    assert.deepEqual(
      elements(
        "<a><Key>x&amp;amp;</Key><KeyId>no</KeyId><Key>&lt;y&#34;</Key></a>",
        "Key",
      ),
      ["x&amp;", '<y"'],
    ));
});
