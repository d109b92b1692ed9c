import { overlaps, parseCidr } from "./cidr";
import type { Destination } from "../platform";

/** Addresses of the machine itself, among them that of the service that tells a cloud's node its credentials. */
export const linkLocal = "169.254.0.0/16";

/** Every address except some ranges, on some TCP ports or on all. */
export function outside(
  closed: readonly string[],
  ports?: readonly number[],
): Destination {
  return { cidr: "0.0.0.0/0", except: closed, ports };
}

/**
 * Where a host answers. Network policies know no names: one of the cluster's own is taken for its namespace, on all
 * ports, for policies are judged behind the service; any other for every address outside of the cluster.
 */
export function destinationOf(
  { host, port }: { readonly host: string; readonly port: number },
  closed: readonly string[],
): Destination {
  if (parseCidr(`${host}/32`)) return { cidr: `${host}/32`, ports: [port] };
  const [, namespace] = /^[^.]+\.([^.]+)\.svc(\.|$)/.exec(host) ?? [];
  return namespace === undefined
    ? outside(closed, [port])
    : { namespace, ports: undefined };
}

/** The same for a URL, whose port may be its scheme's. */
export function destinationOfUrl(
  url: string,
  closed: readonly string[],
  defaultPort?: number,
): Destination {
  const { hostname, port, protocol } = new URL(url);
  const ofScheme = defaultPort ?? (protocol === "http:" ? 80 : 443);
  return destinationOf(
    { host: hostname, port: port === "" ? ofScheme : Number(port) },
    closed,
  );
}

/** A range without those of some others that lie in it. */
export function without(range: string, closed: readonly string[]): Destination {
  const except = closed.filter((other) => lies(other, range));
  return { cidr: range, except, ports: undefined };
}

/** Whether all addresses of a range are of another one, too. */
export function lies(range: string, other: string): boolean {
  const [inner, outer] = [parseCidr(range), parseCidr(other)];
  return (
    inner !== undefined &&
    outer !== undefined &&
    inner.bits >= outer.bits &&
    overlaps(inner, outer)
  );
}
