"""Definition of the service: receivers of webhooks, and consumers of their events."""

from typing import Any

from tap_stack.model import (
    Call,
    EventBus,
    EventConsumer,
    Function,
    FunctionUrl,
    Grant,
    Key,
    Route,
    Secret,
    Service,
    Table,
)

HANDLER = "examples.webhooks.handler.operations"
GITHUB_HEADERS = ("X-GitHub-Event", "X-GitHub-Delivery")


def receiver(name: str, **fields: Any) -> Route:
    """Return a public route, whose operation verifies the signature and puts an event on the bus."""
    return Route(
        method="POST",
        path=f"/{name}",
        operation=f"receive_{name}",
        authorizer="",
        errors=(401,),
        grants=(
            Grant(on=name, actions=("GetParameter",), reason="verify signatures"),
            Grant(on="events", actions=("PutEvents",), reason="publish webhooks"),
        ),
        **fields,
    )


def reader(path: str, operation: str, table: str) -> Route:
    """Return a route with the authorization of the environment, which reads an item."""
    grants = (Grant(on=table, actions=("GetItem",), reason="read the result"),)
    return Route(method="GET", path=path, operation=operation, responses={200: "application/json"}, grants=grants)


def secret(name: str, variable: str, description: str) -> Secret:
    """Return a secret that signs webhooks."""
    return Secret(name=name, variable=variable, description=description, generated=True)


API = Function(
    name="api",
    handler=HANDLER,
    routes=(
        receiver("stripe", content_types=("application/json",), responses={202: None}),
        receiver("twilio", content_types=("application/x-www-form-urlencoded",), responses={200: "text/xml"}),
        reader("/payments/{id}", "read_payment", "payments"),
        reader("/pushes/{id+}", "read_pushes", "pushes"),
    ),
)
GITHUB = Function(
    name="github",
    handler=HANDLER,
    url=FunctionUrl(auth="NONE"),
    routes=(
        receiver(
            "github",
            content_types=("application/json",),
            headers={name: {"type": "string", "required": True} for name in GITHUB_HEADERS},
            responses={202: None},
        ),
    ),
)
WORKER = Function(
    name="worker",
    handler=HANDLER,
    consumers=(
        EventConsumer(
            name="store-payment",
            bus="events",
            operation="store_payment",
            pattern={"source": ["stripe"], "detail-type": ["payment_intent.succeeded"]},
            grants=(Grant(on="payments", actions=("PutItem",), reason="store the payment"),),
        ),
        EventConsumer(
            name="count-push",
            bus="events",
            operation="count_push",
            pattern={"source": ["github"], "detail-type": ["push"]},
            grants=(
                Grant(on="pushes", actions=("UpdateItem",), reason="count the push"),
                Grant(on="deliveries", actions=("PutItem",), reason="count it once"),
            ),
        ),
        EventConsumer(
            name="store-message",
            bus="events",
            operation="store_message",
            pattern={"source": ["twilio"]},
            grants=(Grant(on="messages", actions=("PutItem",), reason="store the message"),),
        ),
    ),
)
SERVICE = Service(
    name="webhooks",
    description="Receives webhooks of Stripe, GitHub and Twilio.",
    tables=(
        Table(name="payments", variable="PAYMENTS_TABLE", hash_key=Key("id")),
        Table(name="pushes", variable="PUSHES_TABLE", hash_key=Key("id")),
        Table(name="deliveries", variable="DELIVERIES_TABLE", hash_key=Key("id"), ttl="expires"),
        Table(name="messages", variable="MESSAGES_TABLE", hash_key=Key("id")),
    ),
    event_buses=(EventBus(name="events", variable="WEBHOOKS_BUS", archive_days=30),),
    secrets=(
        # Generated until they are set: Stripe issues its secret when it knows the URL of the deployment.
        secret("stripe", "STRIPE_SIGNING_SECRET", "signing secret of the endpoint in Stripe"),
        secret("github", "GITHUB_WEBHOOK_SECRET", "secret of the webhook in GitHub"),
        secret("twilio", "TWILIO_AUTH_TOKEN", "auth token of the account in Twilio"),
    ),
    functions=(API, GITHUB, WORKER),
    demo=(
        Call(method="POST", path="/stripe", status=401, body={}),
        Call(method="POST", path="/twilio", status=401, form={}),
        Call(method="POST", path="/github", status=401, body={}, headers=dict.fromkeys(GITHUB_HEADERS, "x")),
        Call(method="GET", path="/payments/pi_1", status=404),
        Call(method="GET", path="/pushes/octocat/hello-world", status=404),
    ),
)
