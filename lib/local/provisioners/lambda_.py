"""Lambda functions, their code and their triggers."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi

from ...assets.lambda_archive import Content, read_file, zip_files
from ...assets.packages import files_in, for_interpreter, installed_folder
from ..emulator import RegionalEmulator
from .base import CreatedResource, Creation, Inputs, call, provisions, register_creations

INVOKE_ARN = "arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{AliasArn}/invocations"

register_creations(
    "lambda",
    {
        "lambda.Alias": Creation("create_alias", "{AliasArn}", {"arn": "{AliasArn}", "invokeArn": INVOKE_ARN}),
        # The emulator ignores the windows of queues, and invokes one consumer of a FIFO queue at a time.
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


@provisions("lambda.FunctionUrl")
def function_url(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Create the URL of a function or of its alias."""
    created = call(aws, "lambda", "create_function_url_config", inputs, "AuthType=authorizationType")
    url_id = created["FunctionUrl"].removeprefix("https://").partition(".")[0]
    outputs = {
        "functionUrl": f"{aws.emulator.function_url(url_id)}/",
        "functionArn": created["FunctionArn"],
        "urlId": url_id,
    }
    return CreatedResource("/".join(filter(None, (inputs["functionName"], inputs.get("qualifier")))), outputs)


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
    statement = inputs.get("statementId") or f"pulumi-{uuid.uuid4().hex}"
    call(aws, "lambda", "add_permission", {**inputs, "statementId": statement}, "FunctionName=function")
    return CreatedResource(statement, {"statementId": statement})


def archive_bytes(archive: Any) -> bytes:
    """Return the zip archive of a Pulumi archive of strings, files and folders, with packages for local workers."""
    return zip_files({**package_files(archive), **archive_files(archive)})


def archive_files(archive: Any) -> dict[str, Content]:
    """Return the contents of a Pulumi archive by path, except for installed packages."""
    files: dict[str, Content] = {}
    for path, asset in _assets(archive).items():
        if isinstance(asset, pulumi.StringAsset):
            files[path] = asset.text
        elif installed_folder(Path(asset.path)) is None:
            files |= {_join(path, inner): read_file(file) for inner, file in files_in(Path(asset.path)).items()}
    return files


def package_files(archive: Any) -> dict[str, Content]:
    """Return the installed packages of a Pulumi archive, by path, as installed for the interpreter of the workers."""
    files: dict[str, Content] = {}
    folders: dict[tuple[str, Path], None] = {}
    for path, asset in _assets(archive).items():
        source = Path(getattr(asset, "path", ""))
        if folder := installed_folder(source):
            folders[path.removesuffix(source.relative_to(folder).as_posix()), folder] = None
    for prefix, folder in folders:
        files |= {f"{prefix}{inner}": file.read_bytes() for inner, file in files_in(for_interpreter(folder)).items()}
    return files


def _assets(archive: Any) -> Mapping[str, Any]:
    if not isinstance(archive, pulumi.AssetArchive):
        raise TypeError(
            f"code must be an AssetArchive, got {type(archive).__name__}. Other archives are not supported."
        )
    for path, asset in archive.assets.items():
        if not isinstance(asset, pulumi.StringAsset | pulumi.FileAsset | pulumi.FileArchive):
            raise TypeError(
                f"{path} must be a StringAsset, FileAsset or FileArchive, got {type(asset).__name__}. "
                "Other assets are not supported."
            )
    return archive.assets


def _join(path: str, inner: str) -> str:
    return path if inner == "." else f"{path}/{inner}"
