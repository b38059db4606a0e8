"""An application with Powertools for AWS Lambda that already exists, and the operation that calls it."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.exceptions import BadRequestError
from aws_lambda_powertools.utilities.parser import ValidationError, parse
from aws_lambda_powertools.utilities.typing import LambdaContext
from tap_stack.runtime.event_handler import Request, Response

from .models import NewOrder

logger = Logger(service="quotes")
app = APIGatewayRestResolver()


@app.post("/quotes/orders")
def quote_order() -> dict[str, Any]:
    """Return the total of an order that is not placed yet."""
    try:
        order = parse(event=app.current_event.json_body, model=NewOrder)
    except ValidationError as exc:
        raise BadRequestError(str(exc)) from exc
    logger.info("quoted", customer=order.customer)
    return {"total": str(order.amount())}


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle all requests of the application."""
    return app.resolve(event, context)


def call_application(request: Request) -> Response:
    """Pass the request to the application."""
    return Response.from_proxy(lambda_handler(dict(request.event), request.context))
