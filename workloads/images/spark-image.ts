import type * as pulumi from "@pulumi/pulumi";

import { Image } from "../../infra/image";
import type { Platform } from "../../infra/platform";

/** The platform's image of Spark, with the connectors of every target. */
export function sparkImage(
  name: string,
  registry: Platform["images"],
  opts: pulumi.ComponentResourceOptions,
): Image {
  return new Image(
    name,
    {
      image: "spark",
      context: "workloads/images/spark",
      dockerfile: "workloads/images/spark/Dockerfile",
      registry,
    },
    opts,
  );
}
