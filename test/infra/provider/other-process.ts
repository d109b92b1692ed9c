import { credentials, status } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { CreateRequest } from "@pulumi/pulumi/proto/provider_pb";

import { encode } from "../../../infra/provider/plugin/value";
import { urnOf } from "./harness";

// Asks a provider on a port for a secret, as another process than its engine and, where one is given, another user.
const [port, user] = process.argv.slice(2);
if (user !== undefined) process.setuid?.(Number(user));
const client = new ResourceProviderClient(
  `127.0.0.1:${port}`,
  credentials.createInsecure(),
);
client.create(
  new CreateRequest()
    .setUrn(urnOf("mlstack:index:RandomSecret"))
    .setProperties(encode({ bytes: 16 })),
  (error) => {
    process.stdout.write(
      error ? `${status[error.code]}: ${error.details}\n` : "answered\n",
    );
    client.close();
  },
);
