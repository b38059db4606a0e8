"""A Lambda layer with the code that several functions share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pulumi
import pulumi_aws as aws

from .code_archive import code_archive

T = TypeVar("T")
FOLDER = "python"
"""Folder of a layer from which Lambda imports Python modules."""


@dataclass(frozen=True, kw_only=True)
class LayerArgs:
    """Arguments for `Layer`."""

    name: str
    """Physical name of the layer."""
    files: Mapping[str, str]
    """Content of each Python module, by path relative to the import root."""
    paths: Mapping[str, Path] = field(default_factory=dict)
    """Files and folders on this machine that the layer contains, by path relative to the import root."""
    runtimes: Sequence[str]
    """Runtimes of the functions that use the layer."""


class Layer(pulumi.ComponentResource):
    """A Lambda layer of Python modules. Every change is published as a version; `arn` is the ARN of the version."""

    def __init__(self, name: str, args: LayerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Layer", name, None, opts)
        self.resource = aws.lambda_.LayerVersion(
            f"{name}-layer",
            layer_name=args.name,
            code=code_archive(_in_folder(args.files), _in_folder(args.paths)),
            compatible_runtimes=args.runtimes,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = self.resource.arn
        self.register_outputs({"arn": self.arn})


def _in_folder(contents: Mapping[str, T]) -> dict[str, T]:
    return {f"{FOLDER}/{path}": content for path, content in contents.items()}
