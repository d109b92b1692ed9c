import {
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  status as codes,
  type handleUnaryCall,
  type ServiceError,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import {
  ConfigureResponse,
  ErrorResourceInitFailed,
} from "@pulumi/pulumi/proto/provider_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { encode, type Properties } from "./value";

/** Messages may carry whole charts; the engine has the same limit. */
export const limits = {
  "grpc.max_receive_message_length": 400 * 1024 * 1024,
  "grpc.max_send_message_length": 400 * 1024 * 1024,
};

/** The object exists but did not become what it should; the state keeps it. */
export class InitFailure extends Error {
  constructor(
    readonly id: string,
    readonly properties: Properties,
    readonly reasons: readonly string[],
    readonly inputs?: Properties,
  ) {
    super(reasons[0]);
  }
}

/** Sink for the messages of a plugin. */
export interface Log {
  /** A line that stays, under the resource if there is one. */
  say(level: "info" | "warning", message: string, urn?: string): void;
  /** A line that the next one of the same resource replaces. */
  status(level: "info" | "warning", message: string, urn: string): void;
  /** Ends when the engine has every line: an answer may be the last thing it reads. */
  flush(): Promise<void>;
}

/** The engine that started this plugin. */
export function engineLog(address: string): Log {
  const client = new EngineClient(
    address,
    credentials.createInsecure(),
    limits,
  );
  const underWay = new Set<Promise<void>>();
  const send = (
    level: "info" | "warning",
    message: string,
    urn: string,
    ephemeral: boolean,
  ): void => {
    const request = new LogRequest()
      .setSeverity(level === "info" ? LogSeverity.INFO : LogSeverity.WARNING)
      .setMessage(message)
      .setUrn(urn)
      .setEphemeral(ephemeral);
    const sent = new Promise<void>((resolve) => {
      // A message that does not arrive must not fail what it tells about.
      client.log(request, () => resolve());
    }).finally(() => underWay.delete(sent));
    underWay.add(sent);
  };
  return {
    say: (level, message, urn = "") => send(level, message, urn, false),
    status: (level, message, urn) => send(level, message, urn, true),
    flush: async () => {
      await Promise.all(underWay);
    },
  };
}

/** Turns an asynchronous function into a handler of the service. */
export function unary<Request, Response>(
  handle: (request: Request) => Promise<Response> | Response,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    void (async () => {
      try {
        callback(null, await handle(call.request));
      } catch (error) {
        callback(serviceError(error));
      }
    })();
  };
}

function serviceError(error: unknown): Partial<ServiceError> {
  if (!(error instanceof InitFailure)) {
    const message = error instanceof Error ? error.message : String(error);
    return { code: codes.UNKNOWN, details: message };
  }
  const detail = new ErrorResourceInitFailed()
    .setId(error.id)
    .setProperties(encode(error.properties))
    .setReasonsList([...error.reasons]);
  if (error.inputs) detail.setInputs(encode(error.inputs));
  const any = new Any();
  any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new Status();
  status.setCode(codes.UNKNOWN);
  status.setMessage(error.message);
  status.addDetails(any);
  const metadata = new Metadata();
  metadata.add(
    "grpc-status-details-bin",
    Buffer.from(status.serializeBinary()),
  );
  return { code: codes.UNKNOWN, details: error.message, metadata };
}

/** Answers that are the same in every plugin. */
export function basics(
  version: string,
  cancel: () => void,
): UntypedServiceImplementation {
  return {
    getPluginInfo: unary(() => new PluginInfo().setVersion(version)),
    attach: unary(() => new Empty()),
    cancel: unary(() => {
      cancel();
      return new Empty();
    }),
  };
}

/** Capabilities of a configured plugin: secrets, previews and autonaming. */
export function configured(): ConfigureResponse {
  return new ConfigureResponse()
    .setAcceptsecrets(true)
    .setSupportspreview(true)
    .setSupportsAutonamingConfiguration(true);
}

/** Serves a plugin on a free loopback port, which it tells the engine. */
export async function serve(
  service: UntypedServiceImplementation,
): Promise<void> {
  const server = new Server(limits);
  server.addService(ResourceProviderService, service);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(
      "127.0.0.1:0",
      ServerCredentials.createInsecure(),
      (error, bound) => (error ? reject(error) : resolve(bound)),
    );
  });
  console.log(port);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => process.exit(0));
  }
  // An engine that was killed stops no plugin.
  const engine = process.ppid;
  setInterval(() => {
    if (process.ppid !== engine) process.exit(0);
  }, 2_000).unref();
}
