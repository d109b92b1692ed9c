import * as pulumi from "@pulumi/pulumi";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks";

/** A resource as the program registered it, with what ordinary mocks forget. */
export interface Recorded {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly custom: boolean;
  /** URN of the parent; empty for the stack itself. */
  readonly parent: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Inputs as they travel to the engine, secrets still marked. */
  readonly wire: Readonly<Record<string, unknown>>;
  readonly protect: boolean;
  /** URNs of everything that must be there first. */
  readonly dependencies: readonly string[];
  /** URN and ID of the explicit provider. */
  readonly provider: string;
  readonly ignoreChanges: readonly string[];
  readonly replaceOnChanges: readonly string[];
  /** Value whose change replaces the resource; undefined without one. */
  readonly replacementTrigger: unknown;
  readonly deleteBeforeReplace: boolean;
  /** Former URNs, or parts of them, as passed to the engine. */
  readonly aliases: readonly object[];
}

/** Responses to the program's calls; a call without a response here fails. */
export interface Answers {
  /** Outputs of a resource beside its inputs. */
  readonly outputs?: (
    type: string,
    inputs: Readonly<Record<string, unknown>>,
    name: string,
  ) => Readonly<Record<string, unknown>>;
  /** Functions by token. */
  readonly calls?: Readonly<
    Record<string, (inputs: Readonly<Record<string, unknown>>) => object>
  >;
}

/** The part of a registration request that is recorded. */
interface Registration {
  getType(): string;
  getName(): string;
  getCustom(): boolean;
  getParent(): string;
  getObject(): { toJavaScript(): Record<string, unknown> } | undefined;
  getProtect(): boolean;
  getDependenciesList(): string[];
  getProvider(): string;
  getIgnorechangesList(): string[];
  getReplaceonchangesList(): string[];
  getReplacementTrigger(): { toJavaScript(): unknown } | undefined;
  getDeletebeforereplace(): boolean;
  getAliasesList(): { toObject(): object }[];
}

/** The part of the answer to it that is read. */
interface Registered {
  getUrn(): string;
}

class RecordingMonitor extends MockMonitor {
  readonly recorded: Recorded[] = [];
  private readonly plainInputs = new Map<string, Record<string, unknown>>();

  constructor({ outputs, calls }: Answers) {
    super({
      newResource: ({ type, name, inputs }) => {
        this.plainInputs.set(`${type} ${name}`, plain(inputs));
        const state = { ...inputs, ...outputs?.(type, inputs, name) };
        return { id: `${name}-id`, state };
      },
      call: ({ token, inputs }) => {
        const answer = calls?.[token];
        if (!answer) throw new Error(`no answer for the call of ${token}`);
        return answer(inputs);
      },
    });
  }

  override registerResource(
    request: Registration,
    callback: (error: unknown, response: Registered) => void,
  ): Promise<void> {
    return super.registerResource(
      request,
      (error: unknown, response: Registered) => {
        if (!error) this.keep(request, response.getUrn());
        callback(error, response);
      },
    );
  }

  private keep(request: Registration, urn: string): void {
    const [type, name] = [request.getType(), request.getName()];
    this.recorded.push({
      urn,
      type,
      name,
      custom: request.getCustom(),
      parent: request.getParent(),
      inputs: this.plainInputs.get(`${type} ${name}`) ?? {},
      wire: request.getObject()?.toJavaScript() ?? {},
      protect: request.getProtect(),
      dependencies: request.getDependenciesList(),
      provider: request.getProvider(),
      ignoreChanges: request.getIgnorechangesList(),
      replaceOnChanges: request.getReplaceonchangesList(),
      replacementTrigger: request.getReplacementTrigger()?.toJavaScript(),
      deleteBeforeReplace: request.getDeletebeforereplace(),
      aliases: request.getAliasesList().map((alias) => alias.toObject()),
    });
  }
}

/** Everything that a program registered, and what it returned. */
export class Recording<T> {
  constructor(
    readonly result: T,
    readonly resources: readonly Recorded[],
  ) {}

  /** Custom resources: what a provider makes; components only group them. */
  get custom(): readonly Recorded[] {
    return this.resources.filter(({ custom }) => custom);
  }

  /** All resources of a type. */
  ofType(type: string): readonly Recorded[] {
    return this.resources.filter((resource) => resource.type === type);
  }

  /** The one resource of that type, and of that name when one is given. */
  one(type: string, name?: string): Recorded {
    const found = this.ofType(type).filter(
      (resource) => name === undefined || resource.name === name,
    );
    const [only] = found;
    if (!only || found.length > 1) {
      const names = this.ofType(type).map((resource) => resource.name);
      throw new Error(
        `${found.length} of ${type} ${name ?? ""}: ${names.join(", ")}`,
      );
    }
    return only;
  }
}

/** Runs a program as a stack would run it, and waits until it has registered everything. */
export async function record<T>(
  program: () => T | Promise<T>,
  answers: Answers = {},
  { stack = "test", preview = false } = {},
): Promise<Recording<T>> {
  const monitor = new RecordingMonitor(answers);
  await pulumi.runtime.setMocks(
    { newResource: unreachable, call: unreachable },
    "mlstack",
    stack,
    preview,
  );
  // setMocks also switches on what mocks support; the monitor that it made is put aside for ours.
  pulumi.runtime.setMockOptions(monitor, "mlstack", stack, preview);
  let result: { readonly value: T } | undefined;
  // Pulumi notes a stack trace, mapped to sources, for each of its promises: a third of the time.
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    await pulumi.runtime.runInPulumiStack(async () => {
      result = { value: await program() };
      return undefined;
    });
    await pulumi.runtime.disconnect();
  } finally {
    Error.stackTraceLimit = limit;
  }
  if (!result) throw new Error("the program did not run");
  return new Recording(result.value, monitor.recorded);
}

/** The value of an output once it is known. */
export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve));
}

/** Inputs without the marks of secrets, which reach from an element to the whole list. */
function plain(inputs: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(inputs).map(([key, value]) => [key, reveal(value)]),
  );
}

function reveal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reveal);
  if (typeof value !== "object" || value === null) return value;
  if (pulumi.runtime.isRpcSecret(value)) {
    return reveal(pulumi.runtime.unwrapRpcSecret(value));
  }
  return plain(value);
}

function unreachable(): never {
  throw new Error("asked of a monitor that was put aside");
}
