"""Lambda functions, their code and their triggers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi

from ...assets.lambda_archive import zip_files
from ..emulator import RegionalEmulator
from .base import CreatedResource, Creation, Inputs, call, provisions, register_creations

INVOKE_ARN = "arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{AliasArn}/invocations"

register_creations(
    "lambda",
    {
        "lambda.Alias": Creation("create_alias", "{AliasArn}", {"arn": "{AliasArn}", "invokeArn": INVOKE_ARN}),
        # The emulator retries records of streams without limit, does not support on-failure destinations, and ignores
        # the windows of queues. It invokes one consumer of a FIFO queue at a time.
        "lambda.EventSourceMapping": Creation(
            "create_event_source_mapping",
            "{UUID}",
            {"arn": "{EventSourceMappingArn}", "uuid": "{UUID}"},
            "Destination=destinationArn",
        ),
        "lambda.ProvisionedConcurrencyConfig": Creation(
            "put_provisioned_concurrency_config", "{functionName},{qualifier}"
        ),
    },
)


@provisions("lambda.Function")
def function(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Create a function with its first version and reserved concurrency."""
    request = {**inputs, "code": {"zipFile": archive_bytes(inputs["code"])}}
    created = call(aws, "lambda", "create_function", request, "FunctionName=name")
    if inputs.get("reservedConcurrentExecutions", -1) >= 0:
        call(aws, "lambda", "put_function_concurrency", inputs, "FunctionName=name")
    version = created["Version"]
    arn = created["FunctionArn"].removesuffix(f":{version}")
    outputs = {
        "arn": arn,
        "version": version,
        "qualifiedArn": f"{arn}:{version}",
        "invokeArn": INVOKE_ARN.format(region=aws.region, AliasArn=arn),
    }
    return CreatedResource(inputs["name"], outputs)


@provisions("lambda.LayerVersion")
def layer_version(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Create a version of a layer."""
    request = {**inputs, "content": {"zipFile": archive_bytes(inputs["code"])}}
    created = call(aws, "lambda", "publish_layer_version", request)
    arn = created["LayerVersionArn"]
    return CreatedResource(arn, {"arn": arn, "layerArn": created["LayerArn"], "version": str(created["Version"])})


@provisions("lambda.Permission")
def permission(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Add a statement to the resource policy of a function."""
    generated = f"allow-{inputs['principal'].split('.')[0]}-{abs(hash(inputs['sourceArn']))}"
    statement = inputs.get("statementId") or generated
    call(aws, "lambda", "add_permission", {**inputs, "statementId": statement}, "FunctionName=function")
    return CreatedResource(statement, {"statementId": statement})


def archive_bytes(archive: Any) -> bytes:
    """Return the zip archive of a Pulumi archive of strings and files."""
    return zip_files(archive_files(archive))


def archive_files(archive: Any) -> dict[str, str]:
    """Return the contents of a Pulumi archive by path."""
    if not isinstance(archive, pulumi.AssetArchive):
        raise TypeError(
            f"code must be an AssetArchive, got {type(archive).__name__}. Other archives are not supported."
        )
    return {path: _content(path, asset) for path, asset in archive.assets.items()}


def _content(path: str, asset: Any) -> str:
    if isinstance(asset, pulumi.StringAsset):
        return asset.text
    if isinstance(asset, pulumi.FileAsset):
        return Path(asset.path).read_text(encoding="utf-8")
    raise TypeError(
        f"{path} must be a StringAsset or FileAsset, got {type(asset).__name__}. Other assets are not supported."
    )
