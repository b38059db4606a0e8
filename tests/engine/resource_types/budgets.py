"""AWS Budgets."""

from ..resource_type import ResourceType

TYPES: dict[str, ResourceType] = {
    # Read in version 4; version 6 adds `billingViewArn`, `filterExpression`, `metrics` and `tags`.
    "aws:budgets/budget:Budget": ResourceType(
        source="internal/service/budgets/budget.go",
        id="{account}:{name}",
        identity="{accountId}/{name}",
        scope="account",
        force_new=frozenset({"accountId", "name", "namePrefix"}),
        auto_name="name",
        name_prefix="namePrefix",
        defaults={
            "accountId": "{account}",
            # Of a cost budget without a filter expression.
            "costTypes": {
                "includeCredit": True,
                "includeDiscount": True,
                "includeOtherSubscription": True,
                "includeRecurring": True,
                "includeRefund": True,
                "includeSubscription": True,
                "includeSupport": True,
                "includeTax": True,
                "includeUpfront": True,
                "useAmortized": False,
                "useBlended": False,
            },
            "timePeriodEnd": "2087-06-15_00:00",
            # The start of the current period.
            "timePeriodStart": "2024-01-01_00:00",
        },
        computed={"arn": "arn:{partition}:budgets::{accountId}:budget/{name}"},
    ),
}
