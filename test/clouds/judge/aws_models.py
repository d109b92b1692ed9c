"""Resources of @pulumi/aws against botocore's service models, cfn-lint's lists of regions, and policy_sentry."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources

import botocore.session
from botocore.model import ListShape, MapShape, StringShape, StructureShape
from botocore.model import Shape as BotocoreShape
from parliament import analyze_policy_string
from policy_sentry.querying.actions import get_actions_for_service
from shape import ANY, Mapped, Shape, findings

# Names that Pulumi derives: the resource's own, a hyphen and seven random digits.
DERIVED = "-1234567"

# Pulumi type: service, operation, how its inputs stand there, and the input that takes the derived name.
CALLS: Mapping[str, tuple[str, str, Mapped, str | None]] = {
    "aws:eks/cluster:Cluster": (
        "eks",
        "CreateCluster",
        Mapped(
            {
                "vpcConfig": "resourcesVpcConfig",
                "enabledClusterLogTypes": None,
                "defaultAddonsToRemoves": None,
            }
        ),
        None,
    ),
    "aws:eks/nodeGroup:NodeGroup": (
        "eks",
        "CreateNodegroup",
        Mapped({"nodeRoleArn": "nodeRole", "subnetIds": "subnets"}),
        "nodegroupName",
    ),
    "aws:eks/addon:Addon": (
        "eks",
        "CreateAddon",
        Mapped(
            {
                "resolveConflictsOnCreate": "resolveConflicts",
                "resolveConflictsOnUpdate": None,
            }
        ),
        None,
    ),
    "aws:eks/accessEntry:AccessEntry": ("eks", "CreateAccessEntry", Mapped(), None),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": (
        "eks",
        "AssociateAccessPolicy",
        Mapped(),
        None,
    ),
    "aws:ec2/vpc:Vpc": (
        "ec2",
        "CreateVpc",
        # Calls of their own.
        Mapped({"enableDnsHostnames": None, "enableDnsSupport": None, "tags": None}),
        None,
    ),
    "aws:ec2/subnet:Subnet": ("ec2", "CreateSubnet", Mapped({"tags": None}), None),
    "aws:ec2/eip:Eip": ("ec2", "AllocateAddress", Mapped({"tags": None}), None),
    "aws:ec2/natGateway:NatGateway": (
        "ec2",
        "CreateNatGateway",
        Mapped({"tags": None}),
        None,
    ),
    "aws:ec2/internetGateway:InternetGateway": (
        "ec2",
        "CreateInternetGateway",
        Mapped({"tags": None, "vpcId": None}),
        None,
    ),
    "aws:ec2/routeTable:RouteTable": (
        "ec2",
        "CreateRouteTable",
        Mapped({"tags": None}),
        None,
    ),
    "aws:ec2/route:Route": ("ec2", "CreateRoute", Mapped(), None),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": (
        "ec2",
        "AssociateRouteTable",
        Mapped(),
        None,
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": (
        "ec2",
        "CreateVpcEndpoint",
        Mapped({"tags": None}),
        None,
    ),
    "aws:ec2/launchTemplate:LaunchTemplate": (
        "ec2",
        "CreateLaunchTemplate",
        Mapped(
            {
                "metadataOptions": "LaunchTemplateData.MetadataOptions",
                "blockDeviceMappings": "LaunchTemplateData.BlockDeviceMappings",
                "tagSpecifications": "LaunchTemplateData.TagSpecifications",
                "updateDefaultVersion": None,
                "defaultVersion": None,
            },
            added=["LaunchTemplateData"],
        ),
        "LaunchTemplateName",
    ),
    "aws:ecr/repository:Repository": (
        "ecr",
        "CreateRepository",
        Mapped(
            {
                "name": "repositoryName",
                "encryptionConfigurations": "encryptionConfiguration",
                "forceDelete": None,
            }
        ),
        None,
    ),
    "aws:cloudwatch/logGroup:LogGroup": (
        "logs",
        "CreateLogGroup",
        Mapped({"name": "logGroupName", "retentionInDays": None, "skipDestroy": None}),
        None,
    ),
    "aws:iam/role:Role": (
        "iam",
        "CreateRole",
        Mapped({"assumeRolePolicy": "AssumeRolePolicyDocument"}),
        "RoleName",
    ),
    "aws:iam/rolePolicy:RolePolicy": (
        "iam",
        "PutRolePolicy",
        Mapped({"role": "RoleName", "policy": "PolicyDocument"}),
        "PolicyName",
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": (
        "iam",
        "AttachRolePolicy",
        Mapped({"role": "RoleName"}),
        None,
    ),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": (
        "iam",
        "CreateOpenIDConnectProvider",
        Mapped({"clientIdLists": "ClientIDList"}),
        None,
    ),
    "aws:kms/key:Key": (
        "kms",
        "CreateKey",
        # ScheduleKeyDeletion and EnableKeyRotation.
        Mapped({"deletionWindowInDays": None, "enableKeyRotation": None}),
        None,
    ),
    "aws:kms/alias:Alias": ("kms", "CreateAlias", Mapped({"name": "AliasName"}), None),
    "aws:s3/bucket:Bucket": (
        "s3",
        "CreateBucket",
        Mapped({"forceDestroy": None, "tags": None}),
        None,
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": (
        "s3",
        "PutPublicAccessBlock",
        Mapped(
            {
                key: f"PublicAccessBlockConfiguration.{key[0].upper()}{key[1:]}"
                for key in (
                    "blockPublicAcls",
                    "blockPublicPolicy",
                    "ignorePublicAcls",
                    "restrictPublicBuckets",
                )
            }
        ),
        None,
    ),
    "aws:s3/bucketVersioning:BucketVersioning": (
        "s3",
        "PutBucketVersioning",
        Mapped(),
        None,
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        "s3",
        "PutBucketEncryption",
        Mapped(
            {
                "rules": "ServerSideEncryptionConfiguration.Rules",
                "rules.applyServerSideEncryptionByDefault.sseAlgorithm": "SSEAlgorithm",
            }
        ),
        None,
    ),
    "aws:s3/bucketPolicy:BucketPolicy": ("s3", "PutBucketPolicy", Mapped(), None),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": (
        "s3",
        "PutBucketLifecycleConfiguration",
        Mapped({"rules": "LifecycleConfiguration.Rules"}),
        None,
    ),
}

# Types without a call of their own, and why.
UNJUDGED = {
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "takes rules from the group that every VPC has",
    "pulumi:providers:aws": "settings of the provider",
}


@cache
def _session() -> botocore.session.Session:
    return botocore.session.Session()


@cache
def _input(service: str, operation: str) -> Shape:
    shape = _session().get_service_model(service).operation_model(operation).input_shape
    return _shape(shape) if shape else ANY


def _shape(shape: BotocoreShape) -> Shape:
    metadata = shape.metadata
    if isinstance(shape, StructureShape):
        return Shape(
            "struct",
            members=lambda: {
                name: _shape(member) for name, member in shape.members.items()
            },
            required=shape.required_members,
        )
    if isinstance(shape, ListShape):
        return Shape(
            "list",
            element=lambda: _shape(shape.member),
            smallest=metadata.get("min"),
            largest=metadata.get("max"),
        )
    if isinstance(shape, MapShape):
        return Shape("map", element=lambda: _shape(shape.value))
    if isinstance(shape, StringShape):
        return Shape(
            "string",
            enum=shape.enum,
            pattern=_python_pattern(metadata.get("pattern")),
            smallest=metadata.get("min"),
            largest=metadata.get("max"),
        )
    if shape.type_name in ("integer", "long", "double", "float"):
        return Shape(
            "number", smallest=metadata.get("min"), largest=metadata.get("max")
        )
    return Shape("boolean") if shape.type_name == "boolean" else ANY


def _python_pattern(pattern: str | None) -> str | None:
    """The whole text must match; classes of Unicode, which Python spells otherwise, are left out."""
    if pattern is None or r"\p{" in pattern or r"\u" in pattern:
        return None
    whole = f"^(?:{pattern})$"
    try:
        re.compile(whole)
    except re.error:
        return None
    return whole


@cache
def _offered() -> Mapping[str, frozenset[str]]:
    """Instance types by region, as cfn-lint takes them from AWS' price lists."""
    text = (
        resources.files("cfnlint")
        .joinpath("data/schemas/extensions/aws_ec2_instance/instancetype_enum.json")
        .read_text()
    )
    return {
        region: frozenset(entry["enum"])
        for region, entry in json.loads(text).items()
        if isinstance(entry, dict) and "enum" in entry
    }


@cache
def actions_of(service: str) -> frozenset[str]:
    return frozenset(action.lower() for action in get_actions_for_service(service))


def offered_in(region: str) -> frozenset[str]:
    return _offered().get(region, frozenset())


def instance_types() -> list[str]:
    """Every instance type of EC2's own model."""
    shape = _session().get_service_model("ec2").shape_for("InstanceType")
    return list(shape.enum) if isinstance(shape, StringShape) else []


def policy(document: Mapping[str, object], identity: bool) -> Iterator[str]:
    statements = document.get("Statement", [])
    for statement in statements if isinstance(statements, list) else []:
        actions = statement.get("Action", [])
        for action in [actions] if isinstance(actions, str) else actions:
            service, _, name = action.partition(":")
            if "*" not in name and action.lower() not in actions_of(service):
                yield f"policy: IAM has no action {action}"
    if identity:
        for finding in analyze_policy_string(json.dumps(document)).findings:
            # Reads have no resource to name; the changes there carry a condition.
            if finding.issue != "RESOURCE_STAR":
                yield f"policy: {finding.issue} {finding.detail}"


def judge(
    kind: str, name: str, inputs: Mapping[str, object], region: str
) -> Iterator[str]:
    if kind in UNJUDGED:
        return
    call = CALLS.get(kind)
    if call is None:
        yield "no call of botocore is named for this type"
        return
    service, operation, mapped, derived = call
    values = dict(inputs)
    if derived is not None and not {derived.lower(), "name", "nodegroupname"} & {
        key.lower() for key in inputs
    }:
        values[derived] = name + DERIVED
    if derived is not None and "name" in values:
        values[derived] = values.pop("name")
    yield from findings(_input(service, operation), values, mapped)
    if kind == "aws:eks/nodeGroup:NodeGroup":
        types = inputs.get("instanceTypes")
        for one in types if isinstance(types, list) else []:
            if one not in offered_in(region):
                yield f"instanceTypes: {region} does not offer {one}"
    for key in ("policy", "assumeRolePolicy"):
        document = inputs.get(key)
        if isinstance(document, str):
            document = json.loads(document)
        if isinstance(document, dict):
            yield from policy(
                document, identity=kind == "aws:iam/rolePolicy:RolePolicy"
            )
