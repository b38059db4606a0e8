"""What a worker of the inventory service finds in AWS."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import NamedTuple

from lib.local.emulator import Emulator
from lib.model import Table
from lib.services.inventory.service import SERVICE
from lib.services.inventory.settings import InventorySettings

from ..contenders import lambda_environment
from ..stage import create_table


class Stage(NamedTuple):
    """Tables with nothing in them."""

    environment: dict[str, str]
    """Of a worker."""
    tables: dict[str, Table]
    """By their names in AWS."""


def set_up(emulator: Emulator, endpoint: str, name: str = "benchmark", *, audit_reads: bool = True) -> Stage:
    """The tables and the settings of a service that reaches AWS at `endpoint`."""
    config = json.dumps(asdict(InventorySettings(audit_reads=audit_reads)))
    emulator.client("ssm").put_parameter(Name=f"/{name}/config", Value=config, Type="String")
    tables = {f"{name}-{table.name}": table for table in SERVICE.tables}
    for aws_name, table in tables.items():
        create_table(emulator, table, aws_name)
    environment = {
        **lambda_environment(emulator, endpoint),
        **{table.variable: aws_name for aws_name, table in tables.items()},
        "CONFIG_PARAMETER": f"/{name}/config",
        "CONFIG_PARAMETER_DEPLOYED": config,
        "ALERTS_TOPIC_ARN": "arn:aws:sns:us-east-1:000000000000:nobody-is-told",
    }
    return Stage(environment, tables)
