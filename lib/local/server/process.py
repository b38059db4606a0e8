"""Entry point of the server process."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

from . import FUNCTION_LOG, ROOT_KEY_ID, ROOT_SECRET_KEY, body_errors, http_apis, rest_apis
from .access_control import AccessControl, Backend
from .buckets import with_buckets
from .functions import event_dispatcher, role_credentials, with_dead_letters, with_log
from .payload_limits import with_body_limit, with_gateway_response, with_payload_limits
from .request_events import with_domain, with_version
from .streams import mapping_finder, with_stream_retries
from .worker_logs import complete_log
from .worker_script import (
    delimited_worker_script,
    detailed_worker_script,
    isolated_worker_script,
    lazy_worker_script,
    provided_folders,
    standard_library_path,
)

# pylint: disable=protected-access  # the pinned release has no public names for these


def main() -> None:
    """Serve MiniStack until the process is stopped."""
    # pylint: disable=import-outside-toplevel  # MiniStack reads the environment at import
    from ministack import app as server
    from ministack.core import iam_evaluator, lambda_runtime, responses, router
    from ministack.services import sts

    # Functions inherit the environment, so remove the credentials and the log level of MiniStack from it.
    os.environ.pop("LOG_LEVEL", None)
    key_id, secret_key = os.environ.pop(ROOT_KEY_ID), os.environ.pop(ROOT_SECRET_KEY)
    account = responses.get_account_id()
    # MiniStack treats the key IDs 'test' and all 12-digit numbers as root, without verifying signatures. It verifies
    # the signatures of sessions. Requests without a key ID remain root, because MiniStack uses them for public APIs.
    iam_evaluator.is_root_access_key = sts.is_root_access_key = lambda id_: not id_
    root = {"Arn": f"arn:aws:iam::{account}:root", "UserId": account, "SecretAccessKey": secret_key}
    sts.register_session(key_id, {**root, "PrincipalType": "Root"})
    lambda_runtime.execution_credentials = role_credentials(secret_key, sts.register_session)
    _correct_apis(server._get_module("apigateway_v1"), server._get_module("apigateway"), responses.get_region)
    _correct_invocations(server._get_module("lambda_svc"), *map(server._get_module, ("eventbridge", "sns", "sqs")))
    lambda_runtime._PYTHON_WORKER_SCRIPT = isolated_worker_script(
        delimited_worker_script(detailed_worker_script(lazy_worker_script(lambda_runtime._PYTHON_WORKER_SCRIPT))),
        standard_library_path(),
        provided_folders(),
    )
    worker = lambda_runtime.Worker
    worker._drain_stderr = complete_log(worker._drain_stderr)
    worker._drain_stderr_bounded = complete_log(worker._drain_stderr_bounded)
    if path := os.environ.pop(FUNCTION_LOG, ""):
        functions = server._get_module("lambda_svc")
        functions._execute_function_dispatch = with_log(functions._execute_function_dispatch, path)

    def is_distribution(host: str) -> bool:
        label = server._parse_cloudfront_dataplane_host(host)
        return label is not None and server._get_module("cloudfront").find_distribution_for_label(label) is not None

    def is_domain(name: str) -> bool:
        return server._get_module("apigateway_v1").find_domain_scope(name) is not None

    def is_issued(id_: str) -> bool:
        return isinstance(iam_evaluator.resolve_credential(id_), iam_evaluator.ResolvedCredential) if id_ else False

    def is_bucket(name: str) -> bool:
        return server._get_module("s3")._bucket_owner_account(name) is not None

    server.detect_service = with_buckets(server.detect_service, is_bucket)
    server.app = AccessControl(
        Backend(
            app=server.app,
            resolve_domain=server._resolve_custom_domain_request,
            is_domain=is_domain,
            is_distribution=is_distribution,
            is_bucket=is_bucket,
            key_id=router.extract_access_key_id,
            is_issued=is_issued,
        )
    )
    server.main()


def _correct_apis(rest: Any, http: Any, get_region: Any) -> None:
    """Correct the modules of MiniStack for REST APIs and HTTP APIs."""

    describe = body_errors.describer(rest._model_schema, rest._resolve_schema_ref, rest._json_schema_valid)
    check = rest_apis.with_matching_models(rest._check_request_validation)
    rest._check_request_validation = rest_apis.with_validation_errors(check, describe)
    rest._gateway_error_response = rest_apis.with_validation_variable(rest._gateway_error_response)
    rest._media_type_matches = rest_apis.with_all_media_types(rest._media_type_matches)
    rest._invoke_lambda_proxy_v1 = with_gateway_response(rest._invoke_lambda_proxy_v1, rest._gw_error)
    http._handle_execute_in_scope = http_apis.with_throttling(
        http._handle_execute_in_scope, http._match_route, http._stages.get, rest._take_token
    )
    http._invoke_request_authorizer_lambda = with_version(http._invoke_request_authorizer_lambda)
    for module in (rest, http):
        module.handle_execute = with_body_limit(module.handle_execute)
        module.run_reentrant = with_domain(module.run_reentrant, get_region, http.decode_http_api_path)


def _correct_invocations(functions: Any, events: Any, topics: Any, queues: Any) -> None:
    """Correct the modules of MiniStack for Lambda and for the services that invoke functions."""
    functions._execute_function_dispatch = with_payload_limits(functions._execute_function_dispatch)
    functions._route_async_failure = with_dead_letters(functions._route_async_failure, queues._act_send_message)
    # Buckets invoke functions with two retries and the dead-letter queue. Let topics and event buses do the same.
    find, to_record = functions._get_func_record_for_ref, functions._execution_record_for_config
    invoke = functions.invoke_async_with_retry
    events._dispatch_to_lambda = event_dispatcher(find, to_record, invoke)
    topics._lambda_svc = SimpleNamespace(
        _get_func_record_for_ref=find,
        _execution_record_for_config=to_record,
        _execute_function_with_config_scope=invoke,
    )

    functions._execute_function = with_stream_retries(
        functions._execute_function,
        mapping_finder(functions._iter_all_esms),
        functions._send_ddb_stream_failure_record,
    )
