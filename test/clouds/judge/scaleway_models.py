"""Resources of @pulumiverse/scaleway against the request types of Scaleway's own Python SDK."""

from __future__ import annotations

import dataclasses
import enum
import importlib
import re
import types
import typing
from collections.abc import Iterator, Mapping
from functools import cache

from shape import ANY, Mapped, Shape, findings

# Inputs with a default of the provider's, or of the project that the provider is configured with.
FILLED = ("projectId", "description")

# Pulumi type: module, request, and how its inputs stand there.
REQUESTS: Mapping[str, tuple[str, str, Mapped]] = {
    "scaleway:kubernetes/cluster:Cluster": (
        "k8s.v1",
        "CreateClusterRequest",
        Mapped(
            {
                "deleteAdditionalResources": None,
                "upgradePools": None,
                "autoUpgrade.maintenanceWindowDay": "maintenanceWindow.day",
                "autoUpgrade.maintenanceWindowStartHour": "maintenanceWindow.startHour",
            },
            FILLED,
        ),
    ),
    "scaleway:kubernetes/pool:Pool": (
        "k8s.v1",
        "CreatePoolRequest",
        Mapped({"rootVolumeSizeInGb": "rootVolumeSize", "waitForPoolReady": None}),
    ),
    "scaleway:kubernetes/acl:Acl": (
        "k8s.v1",
        "SetClusterACLRulesRequest",
        Mapped({"aclRules": "acls"}),
    ),
    "scaleway:network/vpc:Vpc": (
        "vpc.v2",
        "CreateVPCRequest",
        Mapped({}, ("enableRouting", "enableTransitivity")),
    ),
    "scaleway:network/privateNetwork:PrivateNetwork": (
        "vpc.v2",
        "CreatePrivateNetworkRequest",
        # One object that holds what is one of a list there.
        Mapped({"ipv4Subnet": None}, ("defaultRoutePropagationEnabled",)),
    ),
    "scaleway:network/publicGatewayIp:PublicGatewayIp": (
        "vpcgw.v2",
        "CreateIPRequest",
        Mapped(),
    ),
    "scaleway:network/publicGateway:PublicGateway": (
        "vpcgw.v2",
        "CreateGatewayRequest",
        Mapped({}, ("enableSmtp", "enableBastion")),
    ),
    "scaleway:network/gatewayNetwork:GatewayNetwork": (
        "vpcgw.v2",
        "CreateGatewayNetworkRequest",
        # A block of its own, whose pushDefaultRoute stands beside it there.
        Mapped({"ipamConfigs": None}, ("pushDefaultRoute",)),
    ),
    "scaleway:iam/application:Application": (
        "iam.v1alpha1",
        "CreateApplicationRequest",
        Mapped({}, FILLED),
    ),
    "scaleway:iam/policy:Policy": (
        "iam.v1alpha1",
        "CreatePolicyRequest",
        Mapped({}, (*FILLED, "condition")),
    ),
    "scaleway:iam/apiKey:ApiKey": (
        "iam.v1alpha1",
        "CreateAPIKeyRequest",
        Mapped({}, FILLED),
    ),
    "scaleway:registry/namespace:Namespace": (
        "registry.v1",
        "CreateNamespaceRequest",
        Mapped({}, FILLED),
    ),
}

UNJUDGED = {
    "pulumi:providers:scaleway": "settings of the provider",
    "scaleway:object/bucket:Bucket": "of the S3 interface, which the SDK does not have",
    "scaleway:object/bucketPolicy:BucketPolicy": "of the S3 interface, which the SDK does not have",
}

# Values of an enumeration that only say that nothing was chosen.
NOTHING = re.compile(r"^(unknown|default)(_|$)")


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda match: match.group(1).upper(), name.rstrip("_"))


@cache
def _members(model: type) -> Mapping[str, Shape]:
    hints = typing.get_type_hints(model)
    return {
        _camel(field.name): _shape(hints[field.name])
        for field in dataclasses.fields(model)
    }


def _required(model: type) -> list[str]:
    # A number, a switch or a text that is not there is 0, off and empty on the wire.
    return [
        _camel(field.name)
        for field in dataclasses.fields(model)
        if field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
    ]


def _shape(annotation: object) -> Shape:
    outer, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if outer in (typing.Union, types.UnionType):
        return _shape(next(one for one in arguments if one is not type(None)))
    if outer is list:
        return Shape("list", element=lambda: _shape(arguments[0]))
    if outer is dict:
        return Shape("map", element=lambda: _shape(arguments[1]))
    if annotation is bool:
        return Shape("boolean")
    if annotation in (int, float):
        return Shape("number")
    if isinstance(annotation, type):
        if issubclass(annotation, enum.Enum):
            values = [str(member.value) for member in annotation]
            return Shape(
                "string", enum=[value for value in values if not NOTHING.match(value)]
            )
        if dataclasses.is_dataclass(annotation):
            model = annotation
            return Shape(
                "struct", members=lambda: _members(model), required=_required(model)
            )
    return Shape("string") if annotation is str else ANY


def _on_the_wire(kind: str, inputs: Mapping[str, object]) -> Mapping[str, object]:
    """Spellings that the provider translates."""
    changed = dict(inputs)
    scaler = changed.get("autoscalerConfig")
    if isinstance(scaler, dict) and "disableScaleDown" in scaler:
        changed["autoscalerConfig"] = {
            ("scaleDownDisabled" if key == "disableScaleDown" else key): value
            for key, value in scaler.items()
        }
    taints = changed.get("taints")
    if kind.endswith(":Pool") and isinstance(taints, list):
        changed["taints"] = [
            {
                **taint,
                "effect": re.sub(r"(?<!^)([A-Z])", r"_\1", taint["effect"]).lower(),
            }
            for taint in taints
        ]
    return changed


def judge(kind: str, inputs: Mapping[str, object]) -> Iterator[str]:
    if kind in UNJUDGED:
        return
    entry = REQUESTS.get(kind)
    if entry is None:
        yield "no request of Scaleway's SDK is named for this type"
        return
    module, name, mapped = entry
    model = getattr(importlib.import_module(f"scaleway.{module}.types"), name)
    yield from findings(
        Shape("struct", members=lambda: _members(model), required=_required(model)),
        _on_the_wire(kind, inputs),
        mapped,
    )
