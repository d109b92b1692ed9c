import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";

import type { KubeConfig } from "@kubernetes/client-node";

import { type Command } from "@commander-js/extra-typings";

import { CommandError } from "./cli/command-error";
import { examples, stackOption } from "./cli/options";
import { readyPod, serviceOf } from "./pods/service-pod";
import { servicesOf, type Service } from "./report/services";
import { connect } from "./state/stack-state";

/** `open`: a notebook, model server, history server or the dashboards of the stack on this machine's loopback. */
export function define(command: Command): void {
  command
    .argument(
      "[name]",
      "notebook, model server, history or dashboards page; the first word of a name is enough if it is unique",
    )
    .addOption(stackOption())
    .option("-p, --port <port>", "port on this machine; 0 for any", "0")
    .addHelpText(
      "after",
      examples(
        ["npm run open", "lists the names"],
        ["npm run open -- notebook-first", "until Ctrl-C"],
        ["npm run open -- history", "Spark jobs that have ended"],
      ),
    )
    .action((name, { stack, port }) => open(name, stack, port));
}

async function open(
  name: string | undefined,
  stack: string,
  wanted: string,
): Promise<void> {
  const port = Number(wanted);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new CommandError(`--port: "${wanted}": write 0 to 65535`);
  }
  const { resources, config } = await connect(stack);
  const service = choose(servicesOf(resources), name);

  const server = createServer(
    (socket) => void forward(config, service, socket),
  );
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address() as AddressInfo;
  const query = service.token === undefined ? "" : `?token=${service.token}`;
  // The path too: one that Kubeflow's controller runs answers under no other.
  const root = new URL(service.url).pathname.replace(/\/$/, "");
  const path =
    service.kind === "Notebook" ? `${root}/lab${query}` : (service.path ?? "/");
  const login =
    service.password === undefined
      ? ""
      : `user admin, password ${service.password}\n`;
  process.stdout.write(
    `${service.name}: http://127.0.0.1:${address.port}${path}\n${login}Ctrl-C ends it\n`,
  );
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  process.exit(0);
}

function choose(
  services: readonly Service[],
  name: string | undefined,
): Service {
  const exact = services.find((each) => each.name === name);
  if (exact !== undefined) return exact;
  const [service, ...others] = services.filter((each) =>
    each.name.startsWith(`${name}-`),
  );
  if (service !== undefined && others.length === 0) return service;
  const choices = services.map((each) => each.name).join(", ");
  throw new CommandError(
    `open: ${name === undefined ? "missing" : JSON.stringify(name)}: ${choices === "" ? "the stack has no notebooks, servers or dashboards" : `choose one of ${choices}`}`,
  );
}

/** Carries one connection to a pod that is ready; a pod that has gone meanwhile costs that connection alone. */
async function forward(
  config: KubeConfig,
  { url }: Service,
  socket: Socket,
): Promise<void> {
  const { CoreV1Api, PortForward } = await import("@kubernetes/client-node");
  const place = serviceOf(url);
  try {
    const pod = await readyPod(config.makeApiClient(CoreV1Api), place);
    socket.on("error", () => socket.destroy());
    await new PortForward(config).portForward(
      place.namespace,
      pod.name,
      [pod.port],
      socket,
      null,
      socket,
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${reason}\n`);
    socket.destroy();
  }
}
