import { deepEqual, equal } from "node:assert/strict";

import {
  brokenImage,
  isRemovedMeanwhile,
  oldBuilds,
} from "../../../infra/supply/images/old-builds";

describe("old builds in buildah's storage", () => {
  const image = (id: string, date: string, ...names: string[]) => ({
    id,
    names,
    createdatraw: new Date(date),
  });
  const now = Date.parse("2026-11-24T12:00:00Z");

  it("go after a week, but for the newest of each name", () => {
    const images = [
      image("first", "2026-11-01", "mlstack.local/spark:1"),
      image("last", "2026-11-02", "mlstack.local/spark:2"),
      image("nameless", "2026-11-02"),
      image("this-week", "2026-11-20"),
      image("alone", "2026-01-01", "docker.io/library/busybox:1.37.0"),
      image(
        "both",
        "2026-11-01",
        "127.0.0.1:5000/spark:1",
        "mlstack.local/kafka:1",
      ),
    ];
    deepEqual(
      oldBuilds(images, now, 100 * 2 ** 30).map(({ id }) => id),
      ["first", "nameless"],
    );
    deepEqual(
      oldBuilds(
        [...images, image("newer", "2026-11-24", "mlstack.local/spark:3")],
        now,
        10 * 2 ** 30,
      ).map(({ id }) => id),
      ["first", "last", "nameless", "this-week"],
      "after an hour where the disk is nearly full",
    );
  });

  it("go although each cluster's registry had a port of its own", () => {
    const images = [
      image("old", "2026-11-01", "127.0.0.1:45249/mlstack/fraud:1"),
      image("older", "2026-11-01", "127.0.0.1:40697/mlstack/fraud:2"),
      image("newest", "2026-11-23", "127.0.0.1:34987/mlstack/fraud:3"),
    ];
    deepEqual(
      oldBuilds(images, now, 100 * 2 ** 30).map(({ id }) => id),
      ["old", "older"],
    );
  });

  it("are listed although a full disk has cut one off, which is known by what buildah says", () => {
    const id =
      "d757999a60a2db3a1d622b7a3f5a98729b7c1b979b7e02ab81fcc3b965a685df";
    // buildah 1.28.2, on a storage in which a build had ended on a full disk.
    const message = `Error: buildah images: exit code 125\n  Error: locating item named "manifest" for image with ID "${id}" (consider removing the image to resolve the issue): file does not exist`;
    equal(brokenImage(message), id);
    equal(brokenImage("Error: no space left on device"), undefined);
  });

  it("are left to a process that removes them at the same time", () => {
    const gone =
      'Error: buildah images: exit code 125\n  Error: reading image "13c8": locating image with ID "13c8": image not known';
    equal(isRemovedMeanwhile(gone), true);
    equal(isRemovedMeanwhile("Error: no space left on device"), false);
  });
});
