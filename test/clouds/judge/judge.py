"""Holds recorded inputs of cloud resources against the clouds' published models.

Reads from its input
  {"recordings": [{"cloud", "variant", "region", "resources": [{"type", "name", "inputs"}]}],
   "spot": [{"region", "types"}]}
and writes to its output
  {"findings": [{"variant", "type", "name", "finding"}], "unoffered": [{"region", "type"}], "instanceTypes": [...]}
What several recordings share is judged once.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping

import aws_models
import azure_models
import google_models
import scaleway_models


def _judge(
    cloud: str, region: str, kind: str, name: str, inputs: Mapping[str, object]
) -> Iterator[str]:
    if cloud == "aws":
        yield from aws_models.judge(kind, name, inputs, region)
    elif cloud == "gcp":
        yield from google_models.judge(kind, inputs)
    elif cloud == "scaleway":
        yield from scaleway_models.judge(kind, inputs)
    else:
        yield from azure_models.judge(kind, inputs)


def main() -> None:
    known: dict[str, list[str]] = {}
    found = []
    asked = json.load(sys.stdin)
    for recording in asked["recordings"]:
        cloud, region = recording["cloud"], recording["region"]
        for resource in recording["resources"]:
            key = json.dumps([cloud, region, resource], sort_keys=True)
            if key not in known:
                known[key] = list(
                    _judge(
                        cloud,
                        region,
                        resource["type"],
                        resource["name"],
                        resource["inputs"],
                    )
                )
            found += [
                {
                    "variant": recording["variant"],
                    "type": resource["type"],
                    "name": resource["name"],
                    "finding": line,
                }
                for line in known[key]
            ]
    unoffered = [
        {"region": spot["region"], "type": kind}
        for spot in asked["spot"]
        for kind in spot["types"]
        if kind not in aws_models.offered_in(spot["region"])
    ]
    json.dump(
        {
            "findings": found,
            "unoffered": unoffered,
            "instanceTypes": aws_models.instance_types(),
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
