"""AWS list prices of one region at one date, with the pricing page of each.

The prices exclude the free tier, credits, savings plans, and taxes.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from types import MappingProxyType
from typing import NamedTuple

DATE = "June 2026"
REGION = "us-east-1"

HOURS_PER_MONTH = 730
"""Hours per month in AWS price calculations."""
DAYS_PER_MONTH = HOURS_PER_MONTH / 24
MINUTES_PER_MONTH = HOURS_PER_MONTH * 60
SECONDS_PER_MONTH = MINUTES_PER_MONTH * 60
MILLION = 1_000_000
GB = 1_000_000_000
"""Bytes per decimal gigabyte. AWS bills GiB, so calculated costs of data are up to 7 % too high."""


class Price(NamedTuple):
    """The price of one kind of usage."""

    usd: float
    per: float
    """Number of units that the price covers."""
    unit: str
    page: str
    """URL of the pricing page."""
    above: tuple[tuple[float, float], ...] = ()
    """Volume discounts: monthly usage above which a lower price applies, and that price."""

    def cost_of(self, amount: float) -> float:
        """Return the cost of a monthly amount in USD. Each tier applies only to the units above its threshold."""
        tiers = ((0.0, self.usd), *self.above)
        limits = (*(threshold for threshold, _ in self.above), inf)
        amounts = (
            (max(0.0, min(amount, limit) - threshold), usd)
            for (threshold, usd), limit in zip(tiers, limits, strict=True)
        )
        return sum(units * usd for units, usd in amounts) / self.per


Prices = Mapping[str, Price]

_API_GATEWAY = "https://aws.amazon.com/api-gateway/pricing/"
_BACKUP = "https://aws.amazon.com/backup/pricing/"
_CLOUDFRONT = "https://aws.amazon.com/cloudfront/pricing/"
_CLOUDWATCH = "https://aws.amazon.com/cloudwatch/pricing/"
_COGNITO = "https://aws.amazon.com/cognito/pricing/"
_DYNAMODB = "https://aws.amazon.com/dynamodb/pricing/"
_EC2 = "https://aws.amazon.com/ec2/pricing/on-demand/"
_EVENTBRIDGE = "https://aws.amazon.com/eventbridge/pricing/"
_KMS = "https://aws.amazon.com/kms/pricing/"
_LAMBDA = "https://aws.amazon.com/lambda/pricing/"
_PRIVATELINK = "https://aws.amazon.com/privatelink/pricing/"
_ROUTE53 = "https://aws.amazon.com/route53/pricing/"
_S3 = "https://aws.amazon.com/s3/pricing/"
_SECRETS = "https://aws.amazon.com/secrets-manager/pricing/"
_SNS = "https://aws.amazon.com/sns/pricing/"
_SQS = "https://aws.amazon.com/sqs/pricing/"
_VPC = "https://aws.amazon.com/vpc/pricing/"
_WAF = "https://aws.amazon.com/waf/pricing/"

PRICES: Prices = MappingProxyType(
    {
        "api.requests": Price(
            3.50,
            MILLION,
            "requests",
            _API_GATEWAY,
            ((333 * MILLION, 2.80), (1000 * MILLION, 2.38), (20_000 * MILLION, 1.51)),
        ),
        "api.http-requests": Price(1.00, MILLION, "requests", _API_GATEWAY, ((300 * MILLION, 0.90),)),
        "backup.cold": Price(0.03, 1, "GB-months", _BACKUP),
        "backup.warm": Price(0.10, 1, "GB-months", _BACKUP),
        "canary.runs": Price(0.0012, 1, "runs", _CLOUDWATCH),
        "cloudfront.requests": Price(0.01, 10_000, "requests", _CLOUDFRONT),
        "cloudfront.transfer": Price(0.085, 1, "GB", _CLOUDFRONT, ((10_000, 0.08), (50_000, 0.06), (150_000, 0.04))),
        "cloudwatch.alarm": Price(0.10, 1, "metrics", _CLOUDWATCH),
        "cloudwatch.alarm-composite": Price(0.50, 1, "alarms", _CLOUDWATCH),
        "cloudwatch.alarm-high-resolution": Price(0.30, 1, "metrics", _CLOUDWATCH),
        "cloudwatch.dashboard": Price(3.00, 1, "dashboards", _CLOUDWATCH),
        "cloudwatch.metric": Price(
            0.30, 1, "metrics", _CLOUDWATCH, ((10_000, 0.10), (250_000, 0.05), (1_000_000, 0.02))
        ),
        "cognito.users": Price(
            0.0055, 1, "users", _COGNITO, ((100_000, 0.0046), (1_000_000, 0.00325), (10_000_000, 0.0025))
        ),
        "cognito.tokens": Price(2.25, 1000, "tokens", _COGNITO),
        "dynamodb.pitr": Price(0.20, 1, "GB-months", _DYNAMODB),
        "dynamodb.read-capacity": Price(0.00013, 1, "unit-hours", _DYNAMODB),
        "dynamodb.reads": Price(0.125, MILLION, "request units", _DYNAMODB),
        "dynamodb.storage": Price(0.25, 1, "GB-months", _DYNAMODB),
        "dynamodb.write-capacity": Price(0.00065, 1, "unit-hours", _DYNAMODB),
        "dynamodb.writes": Price(0.625, MILLION, "request units", _DYNAMODB),
        "eip.hours": Price(0.005, 1, "hours", _VPC),
        "endpoint.gb": Price(0.01, 1, "GB", _PRIVATELINK),
        "endpoint.hours": Price(0.01, 1, "hours", _PRIVATELINK),
        "events.archive": Price(0.10, 1, "GB", _EVENTBRIDGE),
        "events.archive-storage": Price(0.023, 1, "GB-months", _EVENTBRIDGE),
        "events.custom": Price(1.00, MILLION, "events", _EVENTBRIDGE),
        "kms.key": Price(1.00, 1, "keys", _KMS),
        "kms.requests": Price(0.03, 10_000, "requests", _KMS),
        "lambda.arm": Price(0.0000133334, 1, "GB-seconds", _LAMBDA, ((7.5e9, 0.0000120001), (18.75e9, 0.0000106667))),
        "lambda.provisioned-arm": Price(0.0000033334, 1, "GB-seconds", _LAMBDA),
        "lambda.provisioned-x86": Price(0.0000041667, 1, "GB-seconds", _LAMBDA),
        "lambda.requests": Price(0.20, MILLION, "requests", _LAMBDA),
        "lambda.snapstart-cache": Price(0.0000015046, 1, "GB-seconds", _LAMBDA),
        "lambda.snapstart-restore": Price(0.0001397998, 1, "GB", _LAMBDA),
        "lambda.storage": Price(0.0000000309, 1, "GB-seconds", _LAMBDA),
        "lambda.x86": Price(0.0000166667, 1, "GB-seconds", _LAMBDA, ((6e9, 0.000015), (15e9, 0.0000133334))),
        "logs.ingestion": Price(0.50, 1, "GB", _CLOUDWATCH),
        "logs.storage": Price(0.03, 1, "GB-months", _CLOUDWATCH),
        "nat.gb": Price(0.045, 1, "GB", _VPC),
        "nat.hours": Price(0.045, 1, "hours", _VPC),
        "route53.health-check": Price(0.50, 1, "checks", _ROUTE53),
        "route53.zone": Price(0.50, 1, "zones", _ROUTE53),
        "s3.gets": Price(0.0004, 1000, "requests", _S3),
        "s3.puts": Price(0.005, 1000, "requests", _S3),
        "s3.storage": Price(0.023, 1, "GB-months", _S3, ((50_000, 0.022), (500_000, 0.021))),
        "scheduler.calls": Price(1.00, MILLION, "calls", _EVENTBRIDGE),
        "secrets.calls": Price(0.05, 10_000, "calls", _SECRETS),
        "secrets.secret": Price(0.40, 1, "secrets", _SECRETS),
        "sns.emails": Price(2.00, 100_000, "emails", _SNS),
        "sns.publishes": Price(0.50, MILLION, "messages", _SNS),
        "sqs.fifo-requests": Price(0.50, MILLION, "requests", _SQS),
        "sqs.requests": Price(0.40, MILLION, "requests", _SQS),
        "ssm.advanced": Price(0.05, 1, "parameters", "https://aws.amazon.com/systems-manager/pricing/"),
        "transfer.out": Price(0.09, 1, "GB", _EC2, ((10_000, 0.085), (50_000, 0.07), (150_000, 0.05))),
        "transfer.regions": Price(0.02, 1, "GB", _EC2),
        "waf.acl": Price(5.00, 1, "ACLs", _WAF),
        "waf.requests": Price(0.60, MILLION, "requests", _WAF),
        "waf.rule": Price(1.00, 1, "rules", _WAF),
        "xray.traces": Price(5.00, MILLION, "traces", "https://aws.amazon.com/xray/pricing/"),
    }
)
