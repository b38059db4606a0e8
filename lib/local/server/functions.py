"""Corrections of the emulated AWS Lambda."""

from __future__ import annotations

import hmac
import json
import os
import uuid
from collections.abc import Callable, Mapping
from typing import Any


def role_credentials(secret: str, register: Callable[[str, dict[str, str]], None]) -> Callable[[Any], dict[str, str]]:
    """Return a function that issues credentials for the role of a Lambda function.

    MiniStack derives them only from the ARNs of function and role, which other users of the machine can guess.
    """

    def issue(config: Mapping[str, Any]) -> dict[str, str]:
        function, role = config["FunctionArn"], config["Role"]

        def derive(purpose: str) -> str:
            return hmac.new(secret.encode(), f"{purpose} {function} {role}".encode(), "sha256").hexdigest()

        key_id, secret_key, token = f"ASIA{derive('id')[:16].upper()}", derive("key"), derive("token")
        role_name = role.rpartition("/")[2]
        session = {
            "Arn": f"arn:aws:sts::{function.split(':')[4]}:assumed-role/{role_name}/{config['FunctionName'][:64]}",
            "UserId": f"{role_name}:{config['FunctionName'][:64]}",
            "SecretAccessKey": secret_key,
            "SessionToken": token,
        }
        register(key_id, session)
        return {"AWS_ACCESS_KEY_ID": key_id, "AWS_SECRET_ACCESS_KEY": secret_key, "AWS_SESSION_TOKEN": token}

    return issue


def with_log(invoke: Callable[..., Any], path: str) -> Callable[..., Any]:
    """Return a function that invokes a Lambda function and appends the log of the invocation to a file as JSON."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def invoke_and_log(function: Any, config: Mapping[str, Any], *arguments: Any) -> Any:
        result = invoke(function, config, *arguments)
        failed = bool(result.get("error"))
        # If the code of a function does not start, there is only an error message.
        log = result.get("log") or (str(result["body"]["errorMessage"]) if failed else "")
        if log:
            record = {"function": config["FunctionName"], "failed": failed, "log": log}
            os.write(file, json.dumps(record).encode() + b"\n")
        return result

    return invoke_and_log


def event_dispatcher(
    find_function: Callable[[str], tuple[Any, Any, str]],
    to_record: Callable[[Any, Any], Any],
    invoke: Callable[[Any, Any], None],
) -> Callable[[str, str], None]:
    """Return a function that invokes the target of an event asynchronously, and ignores a function that was deleted."""

    def dispatch(arn: str, payload: str) -> None:
        function, config, _ = find_function(arn)
        if function and config:
            invoke(to_record(function, config), json.loads(payload))

    return dispatch


def with_dead_letters(
    route: Callable[[str, str, Any, Any], None], send: Callable[[dict[str, Any], str], object]
) -> Callable[[str, str, Any, Any], None]:
    """Return a function that sends failed events to the dead-letter queue of a Lambda function as Lambda does: the
    message is the event, and its attributes contain the error.

    MiniStack sends the records of on-failure destinations. `send` is its function that sends a message to a queue.
    """

    def route_event(target: str, function: str, event: Any, result: Mapping[str, Any]) -> None:
        _, _, service, _, _, queue = target.split(":")
        if service != "sqs":
            route(target, function, event, result)
            return
        body = result.get("body")
        error = body.get("errorMessage") if isinstance(body, Mapping) else body
        values = {"RequestID": str(uuid.uuid4()), "ErrorCode": "200", "ErrorMessage": str(error or "Unhandled")[:1024]}
        types = {"ErrorCode": "Number"}
        attributes = {
            name: {"DataType": types.get(name, "String"), "StringValue": value} for name, value in values.items()
        }
        send({"QueueUrl": queue, "MessageBody": json.dumps(event), "MessageAttributes": attributes}, queue)

    return route_event
