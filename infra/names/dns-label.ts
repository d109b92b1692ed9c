import { z } from "zod";

/** A name that nodes, namespaces and services may have: a DNS label, with room for what is appended to it. */
export const dnsLabel = z
  .string()
  .regex(
    /^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$/,
    "use lower-case letters, digits and hyphens, at most 40, starting with a letter",
  );
