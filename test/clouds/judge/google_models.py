"""Resources of @pulumi/gcp against the discovery documents that google-api-python-client brings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources

from shape import ANY, Mapped, Shape, findings

# Parents and what the address of the call says.
PLACE: Mapping[str, str | None] = {"project": None, "location": None, "region": None}
MEMBER = {"member": "members", "location": None, "project": None}

NODE = {
    "guestAccelerators": "accelerators",
    "guestAccelerators.type": "acceleratorType",
    "guestAccelerators.count": "acceleratorCount",
}

# Pulumi type: document, schema, and how its inputs stand there.
SCHEMAS: Mapping[str, tuple[str, str, Mapped]] = {
    "gcp:container/cluster:Cluster": (
        "container.v1",
        "Cluster",
        Mapped(
            {
                "datapathProvider": "networkConfig.datapathProvider",
                "enableShieldedNodes": "shieldedNodes.enabled",
                "removeDefaultNodePool": None,
                "deletionProtection": None,
                "networkingMode": "ipAllocationPolicy.useIpAliases",
                "ipAllocationPolicy.clusterSecondaryRangeName": "clusterSecondaryRangeName",
                "clusterAutoscaling.enabled": "enableNodeAutoprovisioning",
                "clusterAutoscaling": "autoscaling",
            }
        ),
    ),
    "gcp:container/nodePool:NodePool": (
        "container.v1",
        "NodePool",
        Mapped(
            {
                "cluster": None,
                "location": None,
                "nodeLocations": "locations",
                "nodeConfig": "config",
                "autoscaling.totalMinNodeCount": "totalMinNodeCount",
                **{f"nodeConfig.{key}": value for key, value in NODE.items()},
            }
        ),
    ),
    "gcp:compute/network:Network": (
        "compute.v1",
        "Network",
        Mapped({"routingMode": "routingConfig.routingMode"}),
    ),
    "gcp:compute/subnetwork:Subnetwork": ("compute.v1", "Subnetwork", Mapped()),
    "gcp:compute/router:Router": ("compute.v1", "Router", Mapped()),
    "gcp:compute/routerNat:RouterNat": (
        "compute.v1",
        "RouterNat",
        Mapped(
            {
                "router": None,
                "region": None,
                "sourceSubnetworkIpRangesToNat": "sourceSubnetworkIpRangesToNat",
                "subnetworks.sourceIpRangesToNats": "sourceIpRangesToNat",
            }
        ),
    ),
    "gcp:compute/firewall:Firewall": (
        "compute.v1",
        "Firewall",
        Mapped({"allows": "allowed", "allows.protocol": "IPProtocol"}),
    ),
    "gcp:storage/bucket:Bucket": (
        "storage.v1",
        "Bucket",
        Mapped(
            {
                "forceDestroy": None,
                "uniformBucketLevelAccess": "iamConfiguration.uniformBucketLevelAccess.enabled",
                "publicAccessPrevention": "iamConfiguration.publicAccessPrevention",
                "lifecycleRules": "lifecycle.rule",
                # `isLive` is what the provider makes of it.
                "lifecycleRules.condition.withState": None,
            }
        ),
    ),
    "gcp:serviceaccount/account:Account": (
        "iam.v1",
        "CreateServiceAccountRequest",
        Mapped(
            {
                "displayName": "serviceAccount.displayName",
                "description": "serviceAccount.description",
            }
        ),
    ),
    "gcp:artifactregistry/repository:Repository": (
        "artifactregistry.v1",
        "Repository",
        Mapped({"repositoryId": "name", "location": None}),
    ),
    "gcp:projects/iAMMember:IAMMember": (
        "cloudresourcemanager.v1",
        "Binding",
        Mapped(MEMBER),
    ),
    "gcp:serviceaccount/iAMMember:IAMMember": (
        "iam.v1",
        "Binding",
        Mapped({**MEMBER, "serviceAccountId": None}),
    ),
    "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember": (
        "artifactregistry.v1",
        "Binding",
        Mapped({**MEMBER, "repository": None}),
    ),
    "gcp:storage/bucketIAMMember:BucketIAMMember": (
        "iam.v1",
        "Binding",
        Mapped({**MEMBER, "bucket": None}),
    ),
}

UNJUDGED = {"pulumi:providers:gcp": "settings of the provider"}


@cache
def _schemas(document: str) -> Mapping[str, Mapping[str, object]]:
    folder = resources.files("googleapiclient").joinpath("discovery_cache/documents")
    schemas: Mapping[str, Mapping[str, object]] = json.loads(
        folder.joinpath(f"{document}.json").read_text()
    )["schemas"]
    return schemas


def _shape(document: str, schema: Mapping[str, object]) -> Shape:
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return _shape(document, _schemas(document)[reference])
    kind = schema.get("type")
    properties = schema.get("properties")
    if isinstance(properties, dict):
        known = properties
        return Shape(
            "struct",
            members=lambda: {
                name: _shape(document, member) for name, member in known.items()
            },
        )
    extra = schema.get("additionalProperties")
    if isinstance(extra, dict):
        values = extra
        return Shape("map", element=lambda: _shape(document, values))
    items = schema.get("items")
    if kind == "array" and isinstance(items, dict):
        item = items
        return Shape("list", element=lambda: _shape(document, item))
    if kind == "string":
        enum = schema.get("enum")
        pattern = schema.get("pattern")
        return Shape(
            "string",
            enum=enum if isinstance(enum, list) else (),
            pattern=f"^(?:{pattern})$" if isinstance(pattern, str) else None,
        )
    if kind in ("integer", "number"):
        return Shape("number")
    if kind == "boolean":
        return Shape("boolean")
    # An object without members is a switch that is set by being there.
    return Shape("struct") if kind == "object" else ANY


@cache
def _model(document: str, name: str) -> Shape:
    return _shape(document, _schemas(document)[name])


def judge(kind: str, inputs: Mapping[str, object]) -> Iterator[str]:
    if kind in UNJUDGED:
        return
    entry = SCHEMAS.get(kind)
    if entry is None:
        yield "no schema of a discovery document is named for this type"
        return
    document, name, mapped = entry
    renames = {**PLACE, **mapped.renames}
    if kind not in ("gcp:storage/bucket:Bucket", "gcp:container/cluster:Cluster"):
        values: Mapping[str, object] = inputs
    elif kind == "gcp:container/cluster:Cluster":
        values = {
            **inputs,
            "networkingMode": inputs.get("networkingMode") == "VPC_NATIVE",
        }
        renames["location"] = "location"
    else:
        values = inputs
        renames["location"] = "location"
    if kind.startswith("gcp:compute/"):
        renames["region"] = (
            renames["region"] if kind.endswith("RouterNat") else "region"
        )
    yield from findings(_model(document, name), values, Mapped(renames))
