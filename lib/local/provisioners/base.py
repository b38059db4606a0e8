"""Registers of the provisioners, and functions that provisioners share."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..emulator import Place

Inputs = dict[str, Any]


class Made(NamedTuple):
    """What a resource became: its id, and the outputs that its inputs do not tell."""

    id: str
    outputs: Inputs


Provisioner = Callable[[Place, Inputs], Made]
PROVISIONERS: dict[str, Provisioner] = {}
"""Provisioners by the type token of their resource type."""

Reader = Callable[[Place, str], Made]
READERS: dict[str, Reader] = {}
"""What a program may use that stands already, and how it is found by its id."""

NOT_EMULATED: dict[str, str] = {}
"""Types that are left out of a local run, and why.  Each that a program has is listed when it is deployed."""


def provisions(token: str) -> Callable[[Provisioner], Provisioner]:
    """Register the provisioner of a resource type."""

    def register(provisioner: Provisioner) -> Provisioner:
        PROVISIONERS[token] = provisioner
        return provisioner

    return register


def reads(token: str) -> Callable[[Reader], Reader]:
    """Register the reader of one resource type."""

    def register(reader: Reader) -> Reader:
        READERS[token] = reader
        return reader

    return register


def chosen(inputs: Mapping[str, Any], **names: str) -> Inputs:
    """AWS's parameters from Pulumi's inputs, those given: `chosen(i, TableName="name")`."""
    return {aws: inputs[given] for aws, given in names.items() if inputs.get(given) is not None}


def tag_list(inputs: Inputs) -> list[dict[str, str]]:
    """Tags as most services take them."""
    return [{"Key": key, "Value": value} for key, value in (inputs.get("tags") or {}).items()]


def tag_specifications(kind: str, inputs: Inputs) -> Inputs:
    """Tags as EC2 takes them, with what it calls the type that has them."""
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": tag_list(inputs)}]}


def without_tls(policy: str) -> str:
    """A resource's policy without what refuses open connections: the emulator has no others, and obeys policies."""
    document = json.loads(policy)
    kept = [one for one in document["Statement"] if "aws:SecureTransport" not in str(one.get("Condition"))]
    return json.dumps({**document, "Statement": kept})


@dataclass(frozen=True)
class Row:
    """A resource type that one operation creates."""

    operation: str
    parameters: str
    """The operation's parameters; `restApiId=restApi` where the input has another name."""
    id: str
    """Of inputs and of what the operation answered."""
    outputs: str = ""
    """What of the answer are outputs; `publicIp=PublicIp` where the answer has another name."""
    constants: Mapping[str, Any] = field(default_factory=dict)
    tagged: str = ""
    """What EC2 calls the type, where its tags go with the call."""


def rows(service: str, types: Mapping[str, Row]) -> None:
    """Register a provisioner for each type that one call of boto3's client of `service` creates."""
    PROVISIONERS.update({token: _carrying_out(service, row) for token, row in types.items()})


def _carrying_out(service: str, row: Row) -> Provisioner:
    names = {aws: given or aws for aws, _, given in (word.partition("=") for word in row.parameters.split())}

    def make(place: Place, inputs: Inputs) -> Made:
        tags = tag_specifications(row.tagged, inputs) if row.tagged else {}
        answer = getattr(place.client(service), row.operation)(**chosen(inputs, **names), **row.constants, **tags)
        outputs = (word.partition("=") for word in row.outputs.split())
        return Made(row.id.format(**{**inputs, **answer}), {name: answer[aws or name] for name, _, aws in outputs})

    return make
