import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Key and certificate of 127.0.0.1, made once: openssl takes longer than a test. */
let pair: { readonly key: Buffer; readonly cert: Buffer } | undefined;

function keyPair() {
  const folder = mkdtempSync(join(tmpdir(), "mlstack-api-"));
  const [key, cert] = [join(folder, "key"), join(folder, "cert")];
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt"],
      ...["ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"],
      ...["-subj", "/CN=127.0.0.1", "-keyout", key, "-out", cert],
    ],
    { stdio: "ignore" },
  );
  const made = { key: readFileSync(key), cert: readFileSync(cert) };
  rmSync(folder, { recursive: true });
  return made;
}

/** A Kubernetes API with the objects of a test; what is not there is answered with 404. */
export class FakeApiServer {
  /** Objects and lists by path, without the query. */
  readonly objects = new Map<string, unknown>();
  /** Requests in their order, such as `GET /api/v1/services`. */
  readonly requests: string[] = [];
  /** Whether requests are left without an answer. */
  silent = false;

  private constructor(
    private readonly server: ReturnType<typeof createServer>,
    readonly kubeconfig: string,
  ) {}

  static async start(): Promise<FakeApiServer> {
    const server = createServer((pair ??= keyPair()));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const fake = new FakeApiServer(server, kubeconfigOf(port));
    server.on("request", (request, response) => {
      const path = (request.url ?? "").split("?")[0] ?? "";
      fake.requests.push(`${request.method} ${path}`);
      if (fake.silent) return;
      const found = fake.objects.get(path);
      if (request.method === "DELETE") fake.objects.delete(path);
      response.statusCode = found === undefined ? 404 : 200;
      response.end(typeof found === "string" ? found : JSON.stringify(found));
    });
    return fake;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** A kubeconfig for an API server on a loopback port; another authority is another cluster. */
export function kubeconfigOf(port: number, authority?: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "test",
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
    users: [{ name: "test", user: { token: "s3cr3t" } }],
    clusters: [
      {
        name: "test",
        cluster: {
          server: `https://127.0.0.1:${port}`,
          ...(authority === undefined
            ? { "insecure-skip-tls-verify": true }
            : { "certificate-authority-data": authority }),
        },
      },
    ],
  });
}
