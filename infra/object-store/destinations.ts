import { destinationOfUrl } from "../network/destinations";
import type { Destination } from "../platform";
import type { ObjectsConfig } from "./config";
import { namespace, s3Port } from "./embedded-address";

/** Destinations of the configured object store, for pods. */
export function storeDestinations(
  objects: ObjectsConfig,
  closed: readonly string[],
): readonly Destination[] {
  return objects.kind === "in-cluster"
    ? [{ namespace, ports: [s3Port] }]
    : [destinationOfUrl(objects.endpoint, closed)];
}
