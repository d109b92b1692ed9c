import {
  type ServerInterceptor,
  ServerInterceptingCall,
  Server,
  ServerCredentials,
  status,
} from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";

import { engineLog, limits } from "./plugin/serve";
import { Calls } from "./calls";
import { isPeerOf } from "./engine-peer";
import { findKind } from "./kinds";
import { providerService } from "./service";
import { leaveRunFolder } from "./temporary";

leaveRunFolder();

/** Seconds after which a plugin whose engine has gone ends, whatever is still under way. */
const lastSeconds = 900;

const calls = new Calls();
const engine = process.ppid;

function serve(): void {
  let port = 0;
  const server = new Server({
    ...limits,
    interceptors: [onlyFrom(engine, () => port)],
  });
  server.addService(
    ResourceProviderService,
    providerService({
      findKind,
      calls,
      log: engineLog(process.argv.at(-1) ?? ""),
    }),
  );
  server.bindAsync(
    "127.0.0.1:0",
    ServerCredentials.createInsecure(),
    (error, bound) => {
      if (error) throw error;
      port = bound;
      console.log(bound);
    },
  );
  // The engine interrupts a plugin that it is done with, after `cancel`; a terminal does not reach its process group.
  process.once("SIGINT", leave);
  process.once("SIGTERM", leave);
  // An engine that was killed stops no plugin.
  const watch = setInterval(() => {
    if (process.ppid === engine) return;
    clearInterval(watch);
    leave();
  }, 1_000);
  watch.unref();
}

/** Refuses every call from another process than the engine: what it asks is done by this user, on a local target root. */
function onlyFrom(pid: number, port: () => number): ServerInterceptor {
  return (_method, call) =>
    new ServerInterceptingCall(call, {
      start: (next) => {
        if (isPeerOf(pid, call.getPeer(), port())) {
          next();
          return;
        }
        call.sendStatus({
          code: status.PERMISSION_DENIED,
          details: "this provider takes calls from the engine that started it",
        });
      },
    });
}

/** Ends the process once nothing is under way: between an interruption and the end of what it interrupts lies the removal of what was half made. */
function leave(): void {
  calls.cancel();
  const end = Date.now() + lastSeconds * 1_000;
  const exit = () => {
    if (calls.unfinished === 0 || Date.now() > end) process.exit(0);
  };
  exit();
  setInterval(exit, 50);
}

serve();
