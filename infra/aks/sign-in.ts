import { setTimeout as pause } from "node:timers/promises";

import { z } from "zod";

import { KubeClient, KubeError } from "../provider/kube-client";

/** Audience of the tokens of service accounts that Entra ID takes for those of an identity. */
export const federationAudience = "api://AzureADTokenExchange";

/** A workload identity, and the containers to whose access it waits. */
export interface SignIn {
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Address of Entra ID. */
  readonly authority: string;
  readonly tenant: string;
  readonly clientId: string;
  /** Addresses of containers, such as `https://ACCOUNT.dfs.core.windows.net/CONTAINER`. */
  readonly containers: readonly string[];
  /** Seconds for which is waited. */
  readonly seconds: number;
  /** Seconds between two questions. */
  readonly every: number;
}

/** Answers in a row that let it in: the front ends of a service learn of a role one after the other. */
const settledAnswers = 3;

/** Seconds for which nobody answers before that is taken for a machine that does not reach Azure. */
const unreachableSeconds = 60;

const answerMilliseconds = 30_000;

const tokenSchema = z.object({ status: z.object({ token: z.string() }) });
const accessSchema = z.object({ access_token: z.string() });
const refusalSchema = z.object({ error_description: z.string() });

/** A refusal that may be over in a minute. */
class Refused extends Error {}

/** Nobody answers, which may be this machine's network, and no job's. */
class Unreachable extends Error {}

/**
 * Signs in as a service account's identity, as its pods do, until all containers let it in: a federated credential takes
 * up to a minute to be known, a role up to ten.
 *
 * @throws when they still do not at the end, with the last answer
 * @see https://learn.microsoft.com/azure/aks/workload-identity-overview
 * @see https://learn.microsoft.com/azure/role-based-access-control/troubleshooting
 */
export async function letIn(
  signIn: SignIn,
  context: {
    readonly signal: AbortSignal;
    log(message: string): void;
  },
): Promise<void> {
  const { signal, log } = context;
  const { namespace, serviceAccount, seconds, every } = signIn;
  const began = Date.now();
  let reached = began;
  let answers = 0;
  for (;;) {
    let answer: string;
    try {
      await enter(signIn, signal);
      answers += 1;
      if (answers === settledAnswers) return;
      answer = "let in";
      reached = Date.now();
    } catch (error) {
      signal.throwIfAborted();
      answers = 0;
      answer = error instanceof Error ? error.message : String(error);
      if (error instanceof KubeError && error.status < 500) throw error;
      if (!(error instanceof Unreachable)) reached = Date.now();
    }
    const now = Date.now();
    if (now - reached > Math.min(unreachableSeconds, seconds) * 1_000) {
      log(
        `Azure cannot be asked from here: ${answer}; jobs that start within ten minutes may be refused by their buckets`,
      );
      return;
    }
    if (now - began > seconds * 1_000) {
      throw new Error(
        `the buckets of service account ${namespace}/${serviceAccount} do not let it in within ${seconds} s: ${answer}; go on with up`,
      );
    }
    log(`waits for the roles of ${namespace}/${serviceAccount}: ${answer}`);
    await pause(every * 1_000, undefined, { signal });
  }
}

/** Signs in once, and looks into each container. @throws {Refused} */
async function enter(signIn: SignIn, signal: AbortSignal): Promise<void> {
  const { namespace, serviceAccount } = signIn;
  const answer = tokenSchema.parse(
    await new KubeClient(signIn.kubeconfig, signal).review(
      `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`,
      {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        spec: { audiences: [federationAudience], expirationSeconds: 600 },
      },
    ),
  );
  const access = await exchanged(answer.status.token, signIn, signal);
  for (const container of signIn.containers) {
    const response = await asked(
      `${container}?resource=filesystem&recursive=false&maxResults=1`,
      {
        headers: {
          authorization: `Bearer ${access}`,
          "x-ms-version": "2023-11-03",
        },
      },
      signal,
    );
    const code = response.headers.get("x-ms-error-code") ?? "";
    await response.body?.cancel();
    if (!response.ok)
      throw new Refused(`${container}: ${response.status} ${code}`.trim());
  }
}

/** Gives a service account's token for one of its identity. @throws {Refused} */
async function exchanged(
  token: string,
  { authority, tenant, clientId }: SignIn,
  signal: AbortSignal,
): Promise<string> {
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: clientId,
    scope: "https://storage.azure.com/.default",
    client_assertion_type:
      "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: token,
  });
  const response = await asked(
    `${authority}/${tenant}/oauth2/v2.0/token`,
    { method: "POST", body },
    signal,
  );
  const text = await response.text();
  if (response.ok) return accessSchema.parse(JSON.parse(text)).access_token;
  throw new Refused(`Entra ID: ${response.status} ${refusalOf(text)}`);
}

/** First line of what Entra ID says, without the numbers of the request. */
function refusalOf(text: string): string {
  try {
    const { error_description: words } = refusalSchema.parse(JSON.parse(text));
    return words.split(/\r?\n/)[0]?.split(" Trace ID:")[0] ?? "";
  } catch {
    return "";
  }
}

/** An answer of Azure. @throws {Unreachable} */
async function asked(
  address: string,
  options: RequestInit,
  signal: AbortSignal,
): Promise<Response> {
  const limit = AbortSignal.timeout(answerMilliseconds);
  try {
    return await fetch(address, {
      ...options,
      signal: AbortSignal.any([signal, limit]),
    });
  } catch (error) {
    signal.throwIfAborted();
    const { host } = new URL(address);
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    throw new Unreachable(`${host}: ${String(cause)}`);
  }
}
