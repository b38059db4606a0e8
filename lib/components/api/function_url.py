"""The URL of a function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from ... import model
from ...documents import http_api, iam
from ..compute.function import Function
from ..derived import derive


@dataclass(frozen=True, kw_only=True)
class FunctionUrlArgs:
    """Arguments for `FunctionUrl`."""

    function: Function
    """Function, which has an alias if its URL must stay the same when its settings change."""
    auth: model.UrlAuth = "AWS_IAM"
    routes: Sequence[model.Route]
    """Routes of the function, from which its CORS configuration is derived."""
    cors_origins: Sequence[pulumi.Input[str]] = ()
    """Allowed CORS origins. Default (empty): none."""
    cors_credentials: bool = False
    """Whether pages of these origins can send cookies."""


class FunctionUrl(pulumi.ComponentResource):
    """An HTTPS endpoint of a function or of its alias. Without IAM authorization, every caller can use it."""

    def __init__(self, name: str, args: FunctionUrlArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:FunctionUrl", name, None, opts)
        self._prefix, self._args, self.auth = name, args, args.auth
        self._child = pulumi.ResourceOptions(parent=self)
        cors = http_api.cors(args.routes, args.cors_origins, credentials=args.cors_credentials)
        self.permissions = self._permissions() if args.auth == "NONE" else []
        self.resource = aws.lambda_.FunctionUrl(
            f"{name}-url",
            function_name=args.function.name,
            qualifier=args.function.qualifier,
            authorization_type=args.auth,
            cors=aws.lambda_.FunctionUrlCorsArgs(**cors) if cors else None,
            opts=pulumi.ResourceOptions(parent=self, depends_on=self.permissions),
        )
        self.url = self.resource.function_url.apply(lambda url: url.rstrip("/") if url else url)
        self.register_outputs({"url": self.url})

    def grant(self) -> pulumi.Output[list[iam.Statement]]:
        """Return the statements that allow signed requests to the URL."""
        return derive(iam.allow_url_calls, self.resource.function_arn)

    def _permissions(self) -> list[aws.lambda_.Permission]:
        """Allow every caller. Lambda requires both actions for a URL, and the second only through the URL."""
        return [
            self._permission("url", action="lambda:InvokeFunctionUrl", function_url_auth_type="NONE"),
            self._permission("invoke", action="lambda:InvokeFunction", invoked_via_function_url=True),
        ]

    def _permission(self, kind: str, **properties: Any) -> aws.lambda_.Permission:
        return aws.lambda_.Permission(
            f"{self._prefix}-{kind}-permission",
            function=self._args.function.name,
            qualifier=self._args.function.qualifier,
            principal="*",
            **properties,
            opts=self._child,
        )
