"""Resources of @pulumi/azure-native against the models of the azure-mgmt packages."""

from __future__ import annotations

import enum
import importlib
import inspect
import typing
from collections.abc import Iterator, Mapping
from functools import cache
from types import ModuleType

from shape import ANY, Mapped, Shape, findings

GROUP = {"resourceGroupName": None}

# Pulumi type: package, class, and how its inputs stand there.
CLASSES: Mapping[str, tuple[str, str, Mapped]] = {
    "azure-native:containerservice:ManagedCluster": (
        "containerservice",
        "ManagedCluster",
        Mapped(
            {**GROUP, "resourceName": None, "identity.userAssignedIdentities": None}
        ),
    ),
    "azure-native:containerservice:AgentPool": (
        "containerservice",
        "AgentPool",
        Mapped({**GROUP, "resourceName": None, "agentPoolName": None}),
    ),
    "azure-native:network:VirtualNetwork": (
        "network",
        "VirtualNetwork",
        Mapped({**GROUP, "virtualNetworkName": None}),
    ),
    "azure-native:network:Subnet": (
        "network",
        "Subnet",
        Mapped({**GROUP, "virtualNetworkName": None, "subnetName": None}),
    ),
    "azure-native:network:PublicIPAddress": (
        "network",
        "PublicIPAddress",
        Mapped({**GROUP, "publicIpAddressName": None}),
    ),
    "azure-native:storage:StorageAccount": (
        "storage",
        "StorageAccountCreateParameters",
        Mapped(
            {
                **GROUP,
                "accountName": None,
                "enableHttpsTrafficOnly": "supportsHttpsTrafficOnly",
            }
        ),
    ),
    "azure-native:storage:BlobContainer": (
        "storage",
        "BlobContainer",
        Mapped({**GROUP, "accountName": None, "containerName": None}),
    ),
    "azure-native:storage:BlobServiceProperties": (
        "storage",
        "BlobServiceProperties",
        Mapped({**GROUP, "accountName": None, "blobServicesName": None}),
    ),
    "azure-native:containerregistry:Registry": (
        "containerregistry",
        "Registry",
        Mapped({**GROUP, "registryName": None}),
    ),
    "azure-native:authorization:RoleAssignment": (
        "authorization",
        "RoleAssignmentCreateParameters",
        Mapped({"roleAssignmentName": None, "scope": None}),
    ),
    "azure-native:managedidentity:UserAssignedIdentity": (
        "msi",
        "Identity",
        Mapped({**GROUP, "resourceName": None}),
    ),
    "azure-native:managedidentity:FederatedIdentityCredential": (
        "msi",
        "FederatedIdentityCredential",
        Mapped(
            {
                **GROUP,
                "resourceName": None,
                "federatedIdentityCredentialResourceName": None,
            }
        ),
    ),
}

UNJUDGED = {
    "pulumi:providers:azure-native": "settings of the provider",
    "azure-native:resources:ResourceGroup": "a location and tags",
}

MODULES = "azure.mgmt.{}.models"


@cache
def _module(package: str) -> ModuleType:
    return importlib.import_module(MODULES.format(package))


def _of_class(model: type, package: str) -> Shape:
    old = getattr(model, "_attribute_map", None)
    if old is not None:
        return _of_attribute_map(model, old, package)
    return Shape("struct", members=lambda: _members(model, package))


@cache
def _members(model: type, package: str) -> Mapping[str, Shape]:
    """Members by the names on the wire; those of `properties` stand beside them, as Pulumi writes them."""
    found: dict[str, Shape] = {}
    for owner in reversed(model.__mro__):
        for attribute, annotation in inspect.get_annotations(owner).items():
            field = owner.__dict__.get(attribute)
            if field is None or getattr(field, "_visibility", None) == ["read"]:
                continue
            wire = getattr(field, "_rest_name_input", None) or attribute
            shape = _of_annotation(annotation, package)
            if wire == "properties" and shape.kind == "struct":
                found.update(shape.members())
            else:
                found[wire] = shape
    return found


def _of_annotation(annotation: object, package: str) -> Shape:
    if isinstance(annotation, typing.ForwardRef):
        return _of_name(annotation.__forward_arg__, package)
    if isinstance(annotation, str):
        return _of_name(annotation, package)
    outer, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if outer is list:
        return Shape("list", element=lambda: _of_annotation(arguments[0], package))
    if outer is dict:
        return Shape("map", element=lambda: _of_annotation(arguments[1], package))
    if outer is typing.Union:
        # Optional[X], or Union[str, Kind] for an enumeration that may grow.
        shapes = [
            _of_annotation(argument, package)
            for argument in arguments
            if argument is not type(None)
        ]
        return next((shape for shape in shapes if shape.enum), shapes[0])
    return (
        _of_name(annotation.__name__, package) if isinstance(annotation, type) else ANY
    )


def _of_enum(found: type[enum.Enum]) -> Shape:
    return Shape("string", enum=[str(member.value) for member in found])


def _of_name(name: str, package: str) -> Shape:
    last = name.split(".")[-1]
    plain: Mapping[str, Shape] = {
        "str": Shape("string"),
        "int": Shape("number"),
        "float": Shape("number"),
        "bool": Shape("boolean"),
    }
    if last in plain:
        return plain[last]
    found = getattr(_module(package), last, None)
    if isinstance(found, type):
        return (
            _of_enum(found)
            if issubclass(found, enum.Enum)
            else _of_class(found, package)
        )
    return ANY


def _of_attribute_map(
    model: type, attributes: Mapping[str, Mapping[str, str]], package: str
) -> Shape:
    """Models of the older generator name wire paths such as `properties.issuer`."""
    rules: Mapping[str, Mapping[str, typing.Any]] = getattr(model, "_validation", {})

    def members() -> Mapping[str, Shape]:
        return {
            entry["key"].split(".")[-1]: _of_attribute(
                name, entry["type"], rules.get(name, {}), package
            )
            for name, entry in attributes.items()
        }

    required = [
        entry["key"].split(".")[-1]
        for name, entry in attributes.items()
        if rules.get(name, {}).get("required")
        and not rules.get(name, {}).get("readonly")
    ]
    return Shape("struct", members=members, required=required)


def _of_attribute(
    name: str, text: str, rules: Mapping[str, typing.Any], package: str
) -> Shape:
    if text.startswith("["):
        return Shape("list", element=lambda: _of_attribute("", text[1:-1], {}, package))
    if text.startswith("{"):
        return Shape("map", element=lambda: _of_attribute("", text[1:-1], {}, package))
    if text == "str":
        # An enumeration that may grow is a text in these maps; its class is called like the attribute.
        found = getattr(
            _module(package),
            "".join(part.capitalize() for part in name.split("_")),
            None,
        )
        if isinstance(found, type) and issubclass(found, enum.Enum):
            return _of_enum(found)
        return Shape(
            "string",
            pattern=rules.get("pattern"),
            smallest=rules.get("min_length"),
            largest=rules.get("max_length"),
        )
    return _of_name(text, package)


def judge(kind: str, inputs: Mapping[str, object]) -> Iterator[str]:
    if kind in UNJUDGED:
        return
    entry = CLASSES.get(kind)
    if entry is None:
        yield "no class of azure-mgmt is named for this type"
        return
    package, name, mapped = entry
    model = getattr(_module(package), name)
    yield from findings(_of_class(model, package), inputs, mapped)
