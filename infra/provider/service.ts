import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import {
  CheckFailure,
  type CheckRequest,
  CheckResponse,
  type CreateRequest,
  CreateResponse,
  type DeleteRequest,
  type DiffRequest,
  DiffResponse,
  GetSchemaResponse,
  PropertyDiff,
  type ReadRequest,
  ReadResponse,
  type UpdateRequest,
  UpdateResponse,
} from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";

import {
  basics,
  configured,
  InitFailure,
  type Log,
  unary,
} from "./plugin/serve";
import { parseUrn } from "./plugin/urn";
import { describeProblem } from "../problem";
import type { Calls } from "./calls";
import {
  checkInputs,
  compareInputs,
  decode,
  encode,
  inputsOf,
  previewOfCreate,
  previewOfUpdate,
  storedOutputs,
  storedValues,
  type Values,
} from "./operations";
import { type Context, PartialFailure, type ResourceKind } from "./resource";

const version = "0.1.0";

/** Seconds for what makes nothing: comparing inputs, and previews. */
const lookingSeconds = 300;
const defaultLimitSeconds = 3_600;

/** Arguments of the service. */
export interface ProviderServiceArgs {
  /** @throws when there is no such kind */
  readonly findKind: (type: string) => ResourceKind;
  readonly calls: Calls;
  readonly log: Log;
}

/** Pulumi's ResourceProvider service over the project's kinds. */
export function providerService(
  args: ProviderServiceArgs,
): UntypedServiceImplementation {
  const operations = new Operations(args);
  const looking = <Request, Response>(
    handle: (request: Request) => Promise<Response>,
  ) =>
    unary((request: Request) =>
      args.calls
        .run(lookingSeconds, () => handle(request))
        .finally(() => args.log.flush()),
    );
  const working = <Request, Response>(
    handle: (request: Request) => Promise<Response>,
  ) =>
    unary((request: Request) =>
      handle(request).finally(() => args.log.flush()),
    );
  return {
    ...basics(version, () => args.calls.cancel()),
    getSchema: unary(() =>
      new GetSchemaResponse().setSchema(
        JSON.stringify({ name: "mlstack", version }),
      ),
    ),
    checkConfig: unary((request: CheckRequest) =>
      new CheckResponse().setInputs(request.getNews()),
    ),
    diffConfig: unary(() =>
      new DiffResponse().setChanges(DiffResponse.DiffChanges.DIFF_NONE),
    ),
    configure: unary(configured),
    check: looking((request: CheckRequest) => operations.check(request)),
    diff: looking((request: DiffRequest) => operations.diff(request)),
    create: working((request: CreateRequest) => operations.create(request)),
    read: working((request: ReadRequest) => operations.read(request)),
    update: working((request: UpdateRequest) => operations.update(request)),
    delete: working((request: DeleteRequest) => operations.delete(request)),
  };
}

class Operations {
  constructor(private readonly args: ProviderServiceArgs) {}

  async check(request: CheckRequest): Promise<CheckResponse> {
    const kind = this.kindOf(request.getUrn());
    const { inputs, problems } = await checkInputs(
      kind,
      decode(request.getNews()),
    );
    const response = new CheckResponse().setInputs(encode(inputs));
    for (const problem of problems) {
      // Without a property the engine adds none of its own words on path and value, which would be there twice.
      response.addFailures(
        new CheckFailure().setReason(describeProblem(problem)),
      );
    }
    return response;
  }

  async diff(request: DiffRequest): Promise<DiffResponse> {
    const { changes, drifted } = await compareInputs(
      this.kindOf(request.getUrn()),
      request.getId(),
      decode(request.getOlds()),
      decode(request.getOldInputs()),
      decode(request.getNews()),
    );
    const { Kind } = PropertyDiff;
    const replaces = [...changes].flatMap(([key, how]) =>
      how === "replace" ? [key] : [],
    );
    const response = new DiffResponse()
      .setChanges(
        changes.size + drifted.length > 0
          ? DiffResponse.DiffChanges.DIFF_SOME
          : DiffResponse.DiffChanges.DIFF_NONE,
      )
      .setDiffsList([...changes.keys(), ...drifted])
      .setReplacesList(replaces)
      // Resources of this provider have fixed names and addresses, which two cannot share.
      .setDeletebeforereplace(true)
      .setHasdetaileddiff(true);
    const details = response.getDetaileddiffMap();
    for (const [key, how] of changes) {
      const word = how === "replace" ? Kind.UPDATE_REPLACE : Kind.UPDATE;
      details.set(key, new PropertyDiff().setKind(word).setInputdiff(true));
    }
    for (const key of drifted) {
      details.set(key, new PropertyDiff().setKind(Kind.UPDATE));
    }
    return response;
  }

  async create(request: CreateRequest): Promise<CreateResponse> {
    const kind = this.kindOf(request.getUrn());
    const news = decode(request.getProperties());
    if (request.getPreview()) {
      const known = await previewOfCreate(kind, news);
      return new CreateResponse().setProperties(encode(known));
    }
    const inputs = inputsOf(kind, news);
    const { id, outs } = await this.run(request, kind, inputs, (context) =>
      kept(kind, news, kind.create(inputs, context)),
    );
    return new CreateResponse()
      .setId(id)
      .setProperties(encode(storedOutputs(kind, news, outs)));
  }

  async update(request: UpdateRequest): Promise<UpdateResponse> {
    const kind = this.kindOf(request.getUrn());
    const news = decode(request.getNews());
    const olds = decode(request.getOlds());
    if (request.getPreview()) {
      const known = await previewOfUpdate(kind, olds, news);
      return new UpdateResponse().setProperties(encode(known));
    }
    const id = request.getId();
    const stored = storedValues(kind, olds);
    const inputs = inputsOf(kind, news);
    const { outs } = await this.run(request, kind, inputs, (context) => {
      if (!kind.update) {
        throw new Error(`${kind.type} cannot be updated in place`);
      }
      return kept(kind, news, kind.update(id, stored, inputs, context));
    });
    return new UpdateResponse().setProperties(
      encode(storedOutputs(kind, news, outs)),
    );
  }

  async read(request: ReadRequest): Promise<ReadResponse> {
    const kind = this.kindOf(request.getUrn());
    const id = request.getId();
    const state = decode(request.getProperties());
    if (Object.keys(state).length === 0) return this.import(request, kind, id);
    const outs = storedValues(kind, state);
    const inputs = decode(request.getInputs());
    const response = new ReadResponse()
      .setId(id)
      .setInputs(request.getInputs())
      .setProperties(request.getProperties());
    if (!kind.read) return response;
    const found = await this.run(request, kind, outs, async (context) =>
      kind.read?.(id, outs, context),
    );
    // An answer without an identity says that there is nothing any more.
    if (!found) return new ReadResponse();
    return response.setProperties(
      encode(storedOutputs(kind, inputs, found.outs)),
    );
  }

  private async import(
    request: ReadRequest,
    kind: ResourceKind,
    id: string,
  ): Promise<ReadResponse> {
    if (!kind.import) throw new Error(`${kind.type} cannot be imported`);
    const found = await this.run(request, kind, undefined, async (context) =>
      kind.import?.(id, context),
    );
    if (!found) return new ReadResponse();
    const inputs = storedOutputs(kind, {}, inputsOf(kind, { ...found.inputs }));
    return new ReadResponse()
      .setId(id)
      .setInputs(encode(inputs))
      .setProperties(encode(storedOutputs(kind, inputs, found.outs)));
  }

  async delete(request: DeleteRequest): Promise<Empty> {
    const kind = this.kindOf(request.getUrn());
    const outs = storedValues(kind, decode(request.getProperties()));
    await this.run(request, kind, outs, async (context) =>
      kind.delete?.(request.getId(), outs, context),
    );
    return new Empty();
  }

  private kindOf(urn: string): ResourceKind {
    return this.args.findKind(parseUrn(urn).type);
  }

  private run<Result>(
    request: { getUrn(): string; getTimeout(): number },
    kind: ResourceKind,
    values: object | undefined,
    operation: (context: Context) => Promise<Result>,
  ): Promise<Result> {
    const urn = request.getUrn();
    const own = (values && kind.limitSeconds?.(values)) ?? defaultLimitSeconds;
    // The engine sends zero where the program sets no timeout.
    const seconds = request.getTimeout() > 0 ? request.getTimeout() : own;
    return this.args.calls.run(seconds, (signal) =>
      operation({
        urn,
        signal,
        log: withoutRepeats((message) =>
          this.args.log.status("info", message, urn),
        ),
      }),
    );
  }
}

/**
 * Passes a message on when it differs from the last one, or once a minute: the engine prints each as a line where its output
 * is no terminal.
 */
function withoutRepeats(
  log: (message: string) => void,
): (message: string) => void {
  let last: { readonly message: string; readonly at: number } | undefined;
  return (message) => {
    const at = Date.now();
    if (last?.message === message && at - last.at < 60_000) return;
    last = { message, at };
    log(message);
  };
}

/** Has the engine keep what an operation leaves that fails half-way. */
async function kept<Result>(
  kind: ResourceKind,
  inputs: Values,
  work: Promise<Result>,
): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof PartialFailure)) throw error;
    throw new InitFailure(
      error.id,
      storedOutputs(kind, inputs, error.outs),
      [error.message],
      // The engine has no recorded inputs after an earlier failure.
      inputs,
    );
  }
}
