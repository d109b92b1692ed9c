import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

import {
  credentials,
  type ServiceError,
  Server,
  ServerCredentials,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb";
import {
  ResourceProviderClient,
  ResourceProviderService,
} from "@pulumi/pulumi/proto/provider_grpc_pb";
import {
  CheckRequest,
  type CheckResponse,
  CreateRequest,
  type CreateResponse,
  DeleteRequest,
  DiffRequest,
  DiffResponse,
  ErrorResourceInitFailed,
  ReadRequest,
  type ReadResponse,
  UpdateRequest,
  type UpdateResponse,
} from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";

import { unary } from "../../../infra/provider/plugin/serve";
import {
  decode,
  encode,
  type Properties,
} from "../../../infra/provider/plugin/value";
import { Calls } from "../../../infra/provider/calls";
import type { ResourceKind } from "../../../infra/provider/resource";
import { providerService } from "../../../infra/provider/service";

const executable = join(
  __dirname,
  "../../../infra/provider/pulumi-resource-mlstack",
);

/** URN of a resource of a type in a stack of the tests. */
export const urnOf = (type: string, name = "it") =>
  `urn:pulumi:test::mlstack::mlstack:infra:Parent$${type}::${name}`;

/** Partial state that a failed operation returns. */
export interface Kept {
  readonly id: string;
  readonly outs: Properties;
  readonly reasons: readonly string[];
}

/** A comparison as the engine reads it. */
export interface Compared {
  readonly changed: boolean;
  readonly diffs: readonly string[];
  readonly replaces: readonly string[];
  readonly deleteBeforeReplace: boolean;
}

/** Inputs and outputs as a state keeps them. */
export interface Stored {
  readonly id: string;
  readonly inputs: Properties;
  readonly outs: Properties;
}

type Call<Request, Response> = (
  request: Request,
  callback: (error: ServiceError | null, response: Response) => void,
) => unknown;

/** Drives the project's provider over gRPC, as the engine does. */
export class ProviderHarness {
  private constructor(
    readonly port: number,
    private readonly client: ResourceProviderClient,
    /** Lines that the provider showed beside resources. */
    readonly lines: readonly string[],
    private readonly end: () => Promise<void>,
  ) {}

  /** The service in this process, over kinds of a test. */
  static async ofKinds(
    kinds: readonly ResourceKind[],
    calls = new Calls(),
  ): Promise<ProviderHarness> {
    const lines: string[] = [];
    const note = (_level: string, message: string) => void lines.push(message);
    const service = providerService({
      findKind: (type) => {
        const kind = kinds.find((each) => each.type === type);
        if (!kind) throw new Error(`unknown resource type ${type}`);
        return kind;
      },
      calls,
      log: { say: note, status: note, flush: () => Promise.resolve() },
    });
    const server = new Server();
    const port = await listen(server, ResourceProviderService, service);
    const client = clientOf(port);
    return new ProviderHarness(port, client, lines, async () => {
      client.close();
      server.forceShutdown();
    });
  }

  /** The provider's own process, started as the engine starts it. */
  static async ofProcess(): Promise<ProviderHarness> {
    const lines: string[] = [];
    const engine = new Server();
    const address = await listen(engine, EngineService, {
      log: unary((request: LogRequest) => {
        lines.push(request.getMessage());
        return new Empty();
      }),
    });
    const child = spawn(executable, [`127.0.0.1:${address}`], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(
      createInterface({ input: child.stdout }),
      "line",
    )) as [string];
    const client = clientOf(Number(line));
    return new ProviderHarness(Number(line), client, lines, async () => {
      client.close();
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGINT");
        await once(child, "exit");
      }
      engine.forceShutdown();
    });
  }

  async check(type: string, news: Properties) {
    const response = await this.call<CheckRequest, CheckResponse>(
      this.client.check,
      new CheckRequest().setUrn(urnOf(type)).setNews(encode(news)),
    );
    return {
      inputs: decode(response.getInputs()),
      failures: response.getFailuresList().map((each) => each.getReason()),
    };
  }

  async diff(
    type: string,
    { id, inputs, outs }: Stored,
    news: Properties,
  ): Promise<Compared> {
    const response = await this.call<DiffRequest, DiffResponse>(
      this.client.diff,
      new DiffRequest()
        .setId(id)
        .setUrn(urnOf(type))
        .setOldInputs(encode(inputs))
        .setOlds(encode(outs))
        .setNews(encode(news)),
    );
    return {
      changed: response.getChanges() === DiffResponse.DiffChanges.DIFF_SOME,
      diffs: response.getDiffsList(),
      replaces: response.getReplacesList(),
      deleteBeforeReplace: response.getDeletebeforereplace(),
    };
  }

  async create(
    type: string,
    inputs: Properties,
    { preview = false, timeout = 0 } = {},
  ): Promise<Stored> {
    const response = await this.call<CreateRequest, CreateResponse>(
      this.client.create,
      new CreateRequest()
        .setUrn(urnOf(type))
        .setProperties(encode(inputs))
        .setPreview(preview)
        .setTimeout(timeout),
    );
    const outs = decode(response.getProperties());
    return { id: response.getId(), inputs, outs };
  }

  async update(
    type: string,
    { id, inputs, outs }: Stored,
    news: Properties,
    { preview = false, timeout = 0 } = {},
  ): Promise<Stored> {
    const response = await this.call<UpdateRequest, UpdateResponse>(
      this.client.update,
      new UpdateRequest()
        .setId(id)
        .setUrn(urnOf(type))
        .setOldInputs(encode(inputs))
        .setOlds(encode(outs))
        .setNews(encode(news))
        .setPreview(preview)
        .setTimeout(timeout),
    );
    return { id, inputs: news, outs: decode(response.getProperties()) };
  }

  /** @returns undefined when the provider says that there is nothing */
  async read(
    type: string,
    { id, inputs, outs }: Stored,
  ): Promise<Stored | undefined> {
    const response = await this.call<ReadRequest, ReadResponse>(
      this.client.read,
      new ReadRequest()
        .setId(id)
        .setUrn(urnOf(type))
        .setInputs(encode(inputs))
        .setProperties(encode(outs)),
    );
    if (response.getId() === "") return undefined;
    return {
      id: response.getId(),
      inputs: decode(response.getInputs()),
      outs: decode(response.getProperties()),
    };
  }

  /** Runs the calls of `pulumi import`. */
  import(type: string, id: string): Promise<Stored | undefined> {
    return this.read(type, { id, inputs: {}, outs: {} });
  }

  async delete(
    type: string,
    { id, inputs, outs }: Stored,
    { timeout = 0 } = {},
  ): Promise<void> {
    await this.call<DeleteRequest, Empty>(
      this.client.delete,
      new DeleteRequest()
        .setId(id)
        .setUrn(urnOf(type))
        .setOldInputs(encode(inputs))
        .setProperties(encode(outs))
        .setTimeout(timeout),
    );
  }

  async cancel(): Promise<void> {
    await this.call<Empty, Empty>(this.client.cancel, new Empty());
  }

  async stop(): Promise<void> {
    await this.end();
  }

  private call<Request, Response>(
    method: Call<Request, Response>,
    request: Request,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      method.call(this.client, request, (error, response) => {
        if (error) reject(error);
        else resolve(response);
      });
    });
  }
}

/** Partial state that the engine keeps after a failed call; undefined without one. */
export function keptBy(error: unknown): Kept | undefined {
  const [details] = (error as ServiceError).metadata.get(
    "grpc-status-details-bin",
  );
  if (!(details instanceof Buffer)) return undefined;
  const [any] = Status.deserializeBinary(details).getDetailsList();
  const failed = any?.unpack<ErrorResourceInitFailed>(
    (bytes) => ErrorResourceInitFailed.deserializeBinary(bytes),
    "pulumirpc.ErrorResourceInitFailed",
  );
  return failed
    ? {
        id: failed.getId(),
        outs: decode(failed.getProperties()),
        reasons: failed.getReasonsList(),
      }
    : undefined;
}

/** The error that a call ends with. */
export async function failureOf(call: Promise<unknown>): Promise<ServiceError> {
  return call.then(
    () => {
      throw new Error("the call succeeded");
    },
    (error: unknown) => error as ServiceError,
  );
}

function clientOf(port: number): ResourceProviderClient {
  return new ResourceProviderClient(
    `127.0.0.1:${port}`,
    credentials.createInsecure(),
  );
}

function listen(
  server: Server,
  definition: Parameters<Server["addService"]>[0],
  service: UntypedServiceImplementation,
): Promise<number> {
  server.addService(definition, service);
  return new Promise((resolve, reject) => {
    server.bindAsync(
      "127.0.0.1:0",
      ServerCredentials.createInsecure(),
      (error, port) => (error ? reject(error) : resolve(port)),
    );
  });
}
