"""Code that several Lambda functions share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from .code_archive import code_archive

FOLDER = "python"
"""Where Lambda looks for Python modules in a layer."""


@dataclass(frozen=True, kw_only=True)
class LayerArgs:
    """What a `Layer` is made from."""

    name: str
    """The layer's name in AWS."""
    files: Mapping[str, str]
    """Modules: path, as they are imported, to text."""
    runtimes: Sequence[str]
    """Of the functions that use it."""


class Layer(pulumi.ComponentResource):
    """A Lambda layer of Python modules; every change of them is a version, whose ARN it has."""

    def __init__(self, name: str, args: LayerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Layer", name, None, opts)
        self.resource = aws.lambda_.LayerVersion(
            f"{name}-layer",
            layer_name=args.name,
            code=code_archive({f"{FOLDER}/{path}": text for path, text in args.files.items()}),
            compatible_runtimes=args.runtimes,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = self.resource.arn
        self.register_outputs({"arn": self.arn})
