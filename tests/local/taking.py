"""Takes one action after the other out of the roles of a deployed service."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from lib.local.emulator import Emulator
from lib.model import Service

MEMORY_MB = itertools.count(200)


class Need(NamedTuple):
    """An action of a statement of a function's role, on everything or on one index."""

    function: str
    statement: int
    action: str
    on_index: str


def needs(service: Service) -> list[Need]:
    """Every action of every function."""
    return [
        Need(function.name, number, action, index)
        for function in service.functions
        for number, grant in enumerate(function.grants())
        for action in grant.actions
        for index in grant.indexes or [""]
    ]


@contextmanager
def without(emulator: Emulator, outputs: dict[str, Any], need: Need) -> Iterator[None]:
    """Meanwhile the role lacks the action, and the function's next call finds a new worker."""
    iam, role = emulator.client("iam"), outputs["role_arns"][need.function].rpartition("/")[2]
    name = "grants"
    whole = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(_less(whole, need)))
    function = outputs["function_names"][need.function]
    emulator.client("lambda").update_function_configuration(FunctionName=function, MemorySize=next(MEMORY_MB))
    try:
        yield
    finally:
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(whole))


def _less(whole: dict[str, Any], need: Need) -> dict[str, Any]:
    less = copy.deepcopy(whole)
    statement = less["Statement"][need.statement]
    if need.on_index:
        arns = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        statement["Resource"] = [arn for arn in arns if not arn.endswith(f"/{need.on_index}")]
    else:
        # In the emulator a batch operation has a permission of its own, which AWS does not know.
        taken = (f":{need.action}", f":{need.action}Batch")
        statement["Action"] = [allowed for allowed in statement["Action"] if not allowed.endswith(taken)]
    less["Statement"] = [s for s in less["Statement"] if s["Action"] and s["Resource"]]
    assert less != whole
    return less
