import assert from "node:assert/strict";

import {
  destinationOf,
  destinationOfUrl,
  lies,
  without,
} from "../../../infra/network/destinations";

const closed = ["10.90.0.0/24", "10.96.0.0/16"];
const outside = (port: number) => ({
  cidr: "0.0.0.0/0",
  except: closed,
  ports: [port],
});

const around = (cidr: string, except: readonly string[]) => ({
  cidr,
  except,
  ports: undefined,
});

describe("destinations", () => {
  it("are an address with its port, a namespace of the cluster, or whatever lies outside", () => {
    for (const [url, expected] of [
      ["http://10.1.2.3:9000", { cidr: "10.1.2.3/32", ports: [9000] }],
      ["http://10.1.2.3", { cidr: "10.1.2.3/32", ports: [80] }],
      ["https://s3.example.com", outside(443)],
      ["http://minio.minio.svc:9000", { namespace: "minio", ports: undefined }],
      [
        "http://minio.store.svc.cluster.local:9000",
        { namespace: "store", ports: undefined },
      ],
      // Not a name of the cluster's: `svc` is no domain of one label.
      ["https://a.b.svcs.example", outside(443)],
    ] as const)
      assert.deepEqual(destinationOfUrl(url, closed), expected, url);
    assert.deepEqual(
      destinationOfUrl("rediss://:secret@cache.example.com", closed, 6379),
      outside(6379),
    );
    assert.deepEqual(
      destinationOf({ host: "256.1.1.1", port: 1 }, closed),
      outside(1),
    );
  });

  it("leave out of a range what is closed in it, and nothing that is not", () => {
    assert.deepEqual(
      without("10.0.0.0/8", closed),
      around("10.0.0.0/8", closed),
    );
    assert.deepEqual(
      without("10.90.0.0/16", closed),
      around("10.90.0.0/16", ["10.90.0.0/24"]),
    );
    assert.deepEqual(
      without("192.168.0.0/16", closed),
      around("192.168.0.0/16", []),
    );
    assert.equal(lies("10.96.3.0/24", "10.96.0.0/16"), true);
    assert.equal(lies("10.96.0.0/15", "10.96.0.0/16"), false);
    assert.equal(lies("10.97.0.0/24", "10.96.0.0/16"), false);
  });
});
