"""Programs of the recordings."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from lib.components.lookup.previous_state import INVOKE
from lib.program.recorder import Call, Deployment, record, record_file
from lib.services import SERVICES
from lib.settings import USER_POOL, AuthorizationSettings, BackupSettings, EncryptionSettings, TableSettings
from lib.settings.environments import ENVIRONMENTS

from ..support import examples
from ..support.programs import EVERYTHING, PRODUCTION, PROGRAMS, PUBLIC_SERVICE, stacked

ROOT = Path(__file__).parents[2]
ACCOUNT = "123456789012"
POOL_ARN = f"arn:aws:cognito-idp:us-east-1:{ACCOUNT}:userpool/us-east-1_aB3dE5fG7"
KEY_ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/mrk-0a1b2c3d"
SETTINGS = {
    "environment_profile": "staging",
    "split_functions": "true",
    "tags": json.dumps({"Owner": "web-team", "CostCenter": "42"}),
    "lambda_runtime": "python3.12",
    "lambda_architecture": "arm64",
    "lambda_memory_size": "1024",
    "lambda_timeout_seconds": "20",
    "lambda_reserved_concurrency": "60",
    "tracing": "false",
    "log_retention_days": "90",
    "dynamodb_billing_mode": "PROVISIONED",
    "dynamodb_read_capacity": "20",
    "dynamodb_write_capacity": "10",
    "dynamodb_max_read_capacity": "200",
    "dynamodb_max_write_capacity": "100",
    "point_in_time_recovery": "false",
    "deletion_protection": "true",
    "retain_on_delete": "false",
    "api_stage_name": "v1",
    "throttle_rate_per_second": "400",
    "throttle_burst": "300",
    "quota_per_month": "2000000",
    "access_log": "true",
    "execution_log_level": "INFO",
    "execution_log_bodies": "true",
    "api_metrics": "true",
    "health_route": "true",
    "domain_name": "api.example.com",
    "base_path": "shop",
    "disable_execute_api_endpoint": "true",
    "firewall_enabled": "true",
    "firewall_rate_limit": "1000",
    "firewall_managed_rule_groups": "AWSManagedRulesSQLiRuleSet,AWSManagedRulesCommonRuleSet",
    "firewall_count_only": "true",
    "duration_alarm_ms": "1500",
    "alarms_errors": "3",
    "alarms_throttles": "4",
    "alarms_period_seconds": "300",
    "alarms_evaluation_periods": "2",
    "recommended_alarms": "true",
    "alarms_api_5xx_share": "0.01",
    "alarms_api_4xx_share": "0.2",
    "alarms_api_latency_ms": "900",
    "alarms_iterator_age_seconds": "120",
    "runbook_url": "https://wiki.example.com/runbook",
    "notification_email": "ops@example.com",
    "dashboard": "true",
    "cost_allocation_tags": "true",
    "monthly_budget_usd": "250.5",
}
"""Config that every service accepts, with values that differ from those of the profile."""
CREATED = {
    "lambda_ephemeral_storage_mb": "1024",
    "lambda_provisioned_concurrency": "2",
    "replica_regions": "us-west-2,eu-west-1",
    "api_log_role": "create",
    "zone_id": "Z0123456789ABC",
    "network_vpc": "create",
    "network_cidr_block": "10.20.0.0/18",
    "network_zones": "3",
    "network_nat_gateways": "per-zone",
    "network_interface_endpoints": "true",
    "network_flow_logs": "true",
    "encryption_key": "create",
    "encryption_rotation_days": "180",
    "encryption_deletion_window_days": "14",
    "backup_retention_days": "180",
    "backup_schedule": "cron(30 4 * * ? *)",
    "backup_cold_storage_after_days": "60",
    "backup_copy_to_vault_arn": f"arn:aws:backup:us-west-2:{ACCOUNT}:backup-vault:copies",
    "rollout": "Canary10Percent5Minutes",
}
"""Config with which the stack creates its own network, key, certificate and role."""
EXISTING = {
    "adopt_retained": "true",
    "lambda_snap_start": "true",
    "table_existing": "true",
    "api_log_role": f"arn:aws:iam::{ACCOUNT}:role/api-gateway-logs",
    "certificate_arn": f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/1",
    "network_vpc": "vpc-0a1b2c3d",
    "network_private_subnet_ids": "subnet-0a1b2c3d,subnet-0a1b2c3e",
    "network_security_group_ids": "sg-0a1b2c3d",
    "encryption_key": KEY_ARN,
    "rollout": "AllAtOnce",
}
"""Config with which the stack uses existing resources."""
INVENTORY = {
    "low_stock_threshold": "7",
    "default_page_size": "10",
    "max_page_size": "40",
    "audit_reads": "false",
}
STOCK = {
    "low_stock_threshold": "7",
    "reservation_minutes": "15",
    "alert_rearm_percent": "25",
    "alert_rearm_minutes": "30",
    "max_held_units": "6",
    "anonymous_rate_per_second": "50.0",
    "anonymous_burst": "25",
    "anonymous_response": "availability",
}
CONFIGS: Mapping[str, Mapping[str, str]] = {
    **{
        f"{service}-{environment}": {"service": service, "environment": environment}
        for service in SERVICES
        for environment in ENVIRONMENTS
    },
    "items-settings": {
        **SETTINGS,
        **EXISTING,
        "service": "items",
        "environment": "blue",
        "cors_origin": "https://shop.example.com",
        "cors_credentials": "true",
        "authorization": USER_POOL,
        "user_pool": POOL_ARN,
    },
    "inventory-settings": {
        **SETTINGS,
        **EXISTING,
        **INVENTORY,
        "service": "inventory",
        "environment": "green",
        "cors_origin": "https://shop.example.com,https://www.example.com",
        "authorization": USER_POOL,
        "user_pool": POOL_ARN,
        "user_pool_group": "staff",
        "user_pool_mfa": "ON",
    },
    "stock-settings": {
        **SETTINGS,
        **CREATED,
        **STOCK,
        "service": "stock",
        "environment": "blue",
        "cors_origin": "site,https://shop.example.com",
        "authorization": USER_POOL,
        "user_pool": "create",
        "user_pool_mfa": "ON",
        "callback_urls": "https://shop.example.com/signed-in",
        "secrets": json.dumps({"token": "unused"}),
        "existing": json.dumps({"orders": "arn:aws:dynamodb:us-east-1:123456789012:table/unused"}),
    },
    "stock-public": {
        "service": "stock",
        "environment": "pr-7",
        "site_public": "true",
        "authorization": "AWS_IAM",
    },
}
"""Config of `tap.py`, by the name of the recording."""


def _retained_table(args: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": args["name"],
        "name": args["name"],
        "arn": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{args['name']}",
        "serverSideEncryption": {"enabled": True, "kmsKeyArn": KEY_ARN},
        "replicas": [{"regionName": "us-west-2", "kmsKeyArn": KEY_ARN}],
    }


def _adopted() -> Deployment:
    """Record a stack that imports the retained resources of an earlier stack."""
    program = stacked(
        "tap",
        service="items",
        adopt_retained=True,
        encryption=EncryptionSettings(key="create"),
        backup=BackupSettings(retention_days=35),
        authorization=AuthorizationSettings(type=USER_POOL),
        table=TableSettings(replica_regions=("us-west-2",)),
    )
    calls: dict[str, Call] = {
        INVOKE.rpartition(":")[2]: {"outputs": {}},
        "getTable": _retained_table,
        "getVault": lambda args: {
            "id": args["name"] if args["name"] == "dev-items-backup" else "",
            "kmsKeyArn": KEY_ARN,
        },
        "getUserPools": {"id": "items-dev", "ids": ["us-east-1_1"]},
    }
    return record(program, calls=calls)


SECRETS = {"token": "open sesame", "seal": "wax"}
STACKS: Mapping[str, Callable[[], object]] = {
    "parcels": PROGRAMS["parcels"],
    "yard": PROGRAMS["yard"],
    "gallery": PROGRAMS["gallery"],
    "shop": PROGRAMS["shop"],
    "market": PROGRAMS["market"],
    "everything": stacked("shop", **EVERYTHING),
    "open-yard": stacked(**PUBLIC_SERVICE, secrets=SECRETS),
    "production": stacked(**PRODUCTION),
}
"""Programs of `tests/component`, with features that the built-in services do not use."""
DEPLOYMENTS: Mapping[str, Callable[[], Deployment]] = {
    **{name: partial(record_file, ROOT / "tap.py", config) for name, config in CONFIGS.items()},
    **{name: partial(record, program) for name, program in STACKS.items()},
    "adopted": _adopted,
    **{
        f"example-{name.replace('_', '-')}": partial(record_file, path, {"environment": "dev"})
        for name, path in examples.PROGRAMS.items()
    },
}
"""Functions that record a program, by the name of the recording."""
