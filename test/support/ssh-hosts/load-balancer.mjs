// load-balancer.mjs ADDRESS PORT HOST...
// Passes each connection to the first of the hosts that takes it on the same port, as what stands before a control
// plane does. One that does not answer at once is tried last for a while.
import { connect, createServer } from "node:net";

const [address, port, ...hosts] = process.argv.slice(2);
const failedAt = new Map();

function open(host) {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port), timeout: 400 });
    const fail = (error) => {
      failedAt.set(host, Date.now());
      socket.destroy();
      reject(error);
    };
    socket.once("timeout", () => fail(new Error("timeout")));
    socket.once("error", fail);
    socket.once("connect", () => {
      socket.setTimeout(0);
      socket.off("error", fail);
      failedAt.delete(host);
      resolve(socket);
    });
  });
}

async function choose() {
  const failed = (host) => Date.now() - (failedAt.get(host) ?? 0) < 2_000;
  const order = [...hosts].sort(
    (a, b) => Number(failed(a)) - Number(failed(b)),
  );
  for (const host of order) {
    const socket = await open(host).catch(() => undefined);
    if (socket) return socket;
  }
  return undefined;
}

createServer(async (client) => {
  client.on("error", () => client.destroy());
  const server = await choose();
  if (!server) return client.destroy();
  server.on("error", () => client.destroy());
  client.on("close", () => server.destroy());
  server.on("close", () => client.destroy());
  client.pipe(server).pipe(client);
}).listen(Number(port), address);
