import { Writable } from "node:stream";

import { z } from "zod";

/** Inputs by which a resource reaches the store's administration. */
export const administration = {
  /** Secret. */
  kubeconfig: z.string(),
  namespace: z.string(),
  pod: z.string(),
};

/** See {@link administration}. */
export interface Administration {
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly pod: string;
}

/** What Garage answers when it refuses, such as code `NoSuchBucket`. */
export class GarageError extends Error {
  constructor(
    endpoint: string,
    readonly answer: string,
  ) {
    super(`the object store refused ${endpoint}: ${answer}`);
  }

  /** Whether the bucket to make is there already. */
  get exists(): boolean {
    return this.answer.includes("BucketAlreadyExists");
  }

  /** Whether the bucket or key asked for is not there. */
  get missing(): boolean {
    return /NoSuchBucket|NoSuchAccessKey|not found/i.test(this.answer);
  }
}

/**
 * Calls an endpoint of Garage's admin API, version 2, by its own command in the store's pod
 * (`garage json-api`): so the API needs neither a token nor a port that others could reach.
 *
 * @throws {GarageError} when Garage refuses.
 */
export async function callGarage<Answer>(
  { kubeconfig, namespace, pod }: Administration,
  endpoint: string,
  payload: object,
  answer: z.ZodType<Answer>,
): Promise<Answer> {
  const { Exec, KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const stdout = new Collector();
  const stderr = new Collector();
  const succeeded = await new Promise<boolean>((resolve, reject) => {
    new Exec(config)
      .exec(
        namespace,
        pod,
        "garage",
        ["/garage", "json-api", endpoint, JSON.stringify(payload)],
        stdout,
        stderr,
        null,
        false,
        (status) => resolve(status.status === "Success"),
      )
      .catch((error: unknown) => reject(unreachable(error)));
  });
  if (!succeeded) throw new GarageError(endpoint, lastLine(stderr.text));
  return answer.parse(JSON.parse(stdout.text));
}

/** A web socket that fails gives an event, which is no error but has a message. */
function unreachable(error: unknown): Error {
  if (error instanceof Error) return error;
  const { message } = z
    .object({ message: z.string() })
    .catch({ message: String(error) })
    .parse(error);
  return new Error(`the object store cannot be reached: ${message}`);
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

class Collector extends Writable {
  text = "";

  override _write(
    chunk: Buffer,
    _encoding: BufferEncoding,
    callback: () => void,
  ): void {
    this.text += chunk.toString("utf8");
    callback();
  }
}
