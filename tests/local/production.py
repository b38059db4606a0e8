"""The services with every setting of production on, in the emulator."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from pulumi.runtime import mocks

from lib.local.emulator import Emulator
from lib.local.engine import Engine, deploy
from lib.program import project
from lib.program.monitor import plain

EVERYTHING = {
    "authorization": "COGNITO_USER_POOLS",
    "backup_retention_days": "35",
    "domain_name": "shop.example.com",
    "encryption_key": "made",
    "firewall_enabled": "true",
    "health_route": "true",
    "lambda_provisioned_concurrency": "1",
    "lambda_runtime": "python3.13",
    "monthly_budget_usd": "100",
    "network_nat_gateways": "one",
    "network_vpc": "made",
    "notification_email": "ops@example.com",
    "recommended_alarms": "true",
    "dashboard": "true",
    "replica_regions": "us-west-2",
    "rollout": "Canary10Percent5Minutes",
    "zone_id": "Z0123456789ABC",
}


class Resource(NamedTuple):
    """What the emulator was asked to make."""

    type: str
    name: str
    inputs: dict[str, Any]


class Noting(Engine):
    """An engine that keeps what it made, with the ARNs that the emulator gave."""

    def __init__(self, emulator: Emulator) -> None:
        super().__init__(emulator, lambda type_, name: None)
        self.made: list[Resource] = []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Create one resource, and note it."""
        answer = super().new_resource(args)
        if args.custom:
            self.made.append(Resource(args.typ, args.name, plain(args.inputs)))
        return answer


class Production(NamedTuple):
    """A service in prod with everything on."""

    outputs: dict[str, Any]
    made: list[Resource]
    not_emulated: set[str]
    """Types."""


def in_production(emulator: Emulator, service: str, **config: str) -> Production:
    """Deploy it."""
    here, engine = project.read(Path()), Noting(emulator)
    said = project.config(here, "prod", service) | EVERYTHING | config
    stack = f"{service}-prod"
    outputs = deploy(here.program, engine, project=here.name, stack=stack, config=said, report=lambda line: None)
    return Production(outputs, engine.made, {type_ for type_, _ in engine.not_emulated})
