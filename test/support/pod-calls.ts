import type { Kubectl } from "./kubectl";

/** Answers of a store as a pod gets them: what is done, what is refused, and whatever else it says. */
export type Answer = "yes" | "no" | (string & {});

const storeCalls = `
import json, os, sys
from urllib.parse import urlsplit
from pyarrow import fs

endpoint = urlsplit(os.environ["AWS_ENDPOINT_URL"])
store = fs.S3FileSystem(endpoint_override=endpoint.netloc, scheme=endpoint.scheme, region=os.environ["AWS_REGION"])

def listing(bucket): store.get_file_info(fs.FileSelector(bucket))
def reading(bucket): store.open_input_file(f"{bucket}/walls.txt").read()
def writing(bucket):
    with store.open_output_stream(f"{bucket}/walls.txt") as stream: stream.write(b"walls")

def answer(call, bucket):
    try: call(bucket)
    except OSError as error: return "no" if "ACCESS_DENIED" in str(error) else str(error)
    return "yes"

calls = {"write": writing, "read": reading, "list": listing}
print(json.dumps({name: answer(call, sys.argv[1]) for name, call in calls.items()}))
`;

/** Writes, reads and lists in a bucket from within a pod that has Python, as the pod's identity. */
export function storeAnswers(
  kubectl: Kubectl,
  pod: Pod,
  bucket: string,
): Readonly<Record<"write" | "read" | "list", Answer>> {
  return JSON.parse(python(kubectl, pod, storeCalls, bucket)) as ReturnType<
    typeof storeAnswers
  >;
}

const connection = `
import socket, sys

try: socket.create_connection((sys.argv[1], int(sys.argv[2])), 3); print("yes")
except OSError as error: print(error)
`;

/** Whether a pod that has Python reaches a port, as a network policy lets it or not. */
export function reaches(
  kubectl: Kubectl,
  pod: Pod,
  host: string,
  port: number,
): Answer {
  return python(kubectl, pod, connection, host, String(port));
}

/** A pod by name and namespace. */
export interface Pod {
  readonly namespace: string;
  readonly name: string;
}

/** Runs a program of Python in a pod. @returns what it printed */
export function python(
  kubectl: Kubectl,
  { namespace, name }: Pod,
  program: string,
  ...args: readonly string[]
): string {
  return kubectl
    .run([
      ...["exec", `--namespace=${namespace}`, name, "--"],
      ...["python3", "-c", program, ...args],
    ])
    .trim();
}
