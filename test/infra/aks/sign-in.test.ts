import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { adlsAccess } from "../../../infra/provider/adls-access";
import { FakeApiServer } from "../provider/fake-api-server";
import { failureOf, ProviderHarness } from "../provider/harness";

const { type } = adlsAccess;

/** Entra ID and storage, which learn of a credential and a role after some questions. */
class FakeAzure {
  /** How many tokens are refused before the credential is known. */
  unknownCredential = 0;
  /** How many questions of a container are refused before its role is known. */
  readonly unknownRole = new Map<string, number>();
  readonly requests: string[] = [];
  private constructor(private readonly server: Server) {}

  static async start(): Promise<FakeAzure> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const fake = new FakeAzure(server);
    server.on("request", (request, response) => {
      const path = request.url ?? "";
      let body = "";
      request.setEncoding("utf8").on("data", (text: string) => (body += text));
      request.on("end", () => {
        fake.requests.push(`${request.method} ${path}`);
        const { status, answer, code } = path.endsWith("/oauth2/v2.0/token")
          ? fake.token(new URLSearchParams(body))
          : fake.container(path, request.headers);
        response.writeHead(status, { "x-ms-error-code": code });
        response.end(JSON.stringify(answer));
      });
    });
    return fake;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    if (this.server.listening)
      await new Promise((resolve) => this.server.close(resolve));
  }

  private token(form: URLSearchParams) {
    assert.deepEqual(Object.fromEntries(form), {
      grant_type: "client_credentials",
      client_id: "client-1",
      scope: "https://storage.azure.com/.default",
      client_assertion_type:
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion: "token-of-the-account",
    });
    if (this.unknownCredential-- > 0) {
      const error_description =
        "AADSTS70021: No matching federated identity record found. Trace ID: 1 Correlation ID: 2";
      return { status: 400, answer: { error_description }, code: "" };
    }
    return { status: 200, answer: { access_token: "access" }, code: "" };
  }

  private container(
    path: string,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ) {
    assert.equal(headers["authorization"], "Bearer access");
    assert.ok(headers["x-ms-version"]);
    const [name = ""] = path.slice(1).split("?");
    const left = this.unknownRole.get(name) ?? 0;
    this.unknownRole.set(name, left - 1);
    return left > 0
      ? { status: 403, answer: {}, code: "AuthorizationPermissionMismatch" }
      : { status: 200, answer: { paths: [] }, code: "" };
  }
}

describe("access to containers of Azure", () => {
  let api: FakeApiServer;
  let azure: FakeAzure;
  let provider: ProviderHarness;
  const tokens = "/api/v1/namespaces/ml/serviceaccounts/spark/token";

  beforeEach(async () => {
    api = await FakeApiServer.start();
    api.objects.set(tokens, { status: { token: "token-of-the-account" } });
    azure = await FakeAzure.start();
    provider = await ProviderHarness.ofKinds([adlsAccess]);
  });
  afterEach(async () => {
    await provider.stop();
    await azure.stop();
    await api.stop();
  });

  const inputs = (more: object = {}) => ({
    kubeconfig: api.kubeconfig,
    namespace: "ml",
    serviceAccount: "spark",
    tenant: "tenant-1",
    clientId: "client-1",
    authority: azure.address,
    containers: ["raw", "models"].map((name) => `${azure.address}/${name}`),
    every: 0.01,
    ...more,
  });

  it("is there once the credential and each role are known, three times in a row", async () => {
    azure.unknownCredential = 2;
    azure.unknownRole.set("raw", 1);
    azure.unknownRole.set("models", 2);
    const { id } = await provider.create(type, inputs());
    assert.equal(id, "ml/spark");
    assert.equal(azure.unknownRole.get("models"), -3);
    const lines = provider.lines.join("\n");
    assert.match(
      lines,
      /waits for the roles of ml\/spark: Entra ID: 400 AADSTS70021: No matching federated identity record found\.$/m,
    );
    assert.match(lines, /\/raw: 403 AuthorizationPermissionMismatch/);
    assert.match(lines, /\/models: 403 AuthorizationPermissionMismatch/);
    assert.doesNotMatch(lines, /token-of-the-account|Bearer/);
  });

  it("is asked for again where there is one container more", async () => {
    const made = await provider.create(
      type,
      inputs({ containers: [`${azure.address}/raw`] }),
    );
    azure.unknownRole.set("models", 1);
    await provider.update(type, made, inputs());
    assert.equal(azure.unknownRole.get("models"), -3);
  });

  it("that does not come fails with what was said last", async () => {
    azure.unknownRole.set("models", Infinity);
    const { message } = await failureOf(
      provider.create(type, inputs({ seconds: 0.2 })),
    );
    assert.match(
      message,
      /the buckets of service account ml\/spark do not let it in within 0\.2 s: http:\S+\/models: 403 AuthorizationPermissionMismatch; go on with up/,
    );
  });

  it("is not waited for where Azure is not reached, which is said", async () => {
    const wanted = inputs({ seconds: 0.2 });
    await azure.stop();
    await provider.create(type, wanted);
    assert.match(
      provider.lines.join("\n"),
      /Azure cannot be asked from here: 127\.0\.0\.1:\d+: .*ECONNREFUSED.*; jobs that start within ten minutes may be refused/,
    );
  });

  it("of an account that is not in the cluster is an error at once", async () => {
    api.objects.delete(tokens);
    const { message } = await failureOf(provider.create(type, inputs()));
    assert.match(message, /serviceaccounts\/spark\/token/);
    assert.deepEqual(azure.requests, []);
  });

  it("is previewed without a question to anybody", async () => {
    await provider.create(type, inputs(), { preview: true });
    assert.deepEqual([api.requests, azure.requests], [[], []]);
  });
});
