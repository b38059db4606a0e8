"""Controls of EventBridge."""

from ..control import Control
from ..graph import Link
from ..iam_documents import allows_public_access

BUS = ("cloudwatch.EventBus",)

CONTROLS = (
    Control(
        ids=("EventBridge.3",),
        title="EventBridge custom event buses should have a resource-based policy",
        severity="low",
        kinds=BUS,
        related=Link(kind="cloudwatch.EventBusPolicy", property="eventBusName"),
        is_compliant=lambda _, policies: bool(policies),
        remediation="Create a `cloudwatch.EventBusPolicy` for `event_buses[...].resource`.",
    ),
    Control(
        ids=("SEC03-BP07",),
        title="EventBridge event bus policies should not allow public access",
        severity="critical",
        kinds=("cloudwatch.EventBusPolicy",),
        is_compliant=lambda resource, _: not allows_public_access(resource.get("policy")),
        remediation="List the allowed senders in the event bus policy.",
    ),
)
