"""Classes of a service definition. The package imports neither Pulumi nor boto3.

A `Service` determines the resources, permissions, routing and validation in the functions, the OpenAPI document, alarms
and outputs.
"""

from .apis import API_METRICS, Api, FunctionUrl, Protocol, UrlAuth, check_http_settings
from .apis import OWN_SETTINGS as OWN_API_SETTINGS
from .authorizers import UNAUTHORIZED, USER_POOL_AUTHORIZER, LambdaAuthorizer
from .aws_limits import ROUND_TRIP, TRANSACTION_ROUND_TRIP
from .call import Call
from .consumers import (
    BucketConsumer,
    Consumer,
    EventConsumer,
    QueueConsumer,
    StreamConsumer,
    TopicConsumer,
)
from .factory import SeedData, ServiceFactory
from .function import Function, Part
from .grants import Grant, Statement
from .journey import Journey
from .jwt_authorizer import JwtAuthorizer
from .messaging import DEFAULT_BUS, EventBus, Queue
from .resource import Resource
from .resources import (
    STANDARD_ALARMS,
    UNITS,
    Alarm,
    Comparison,
    Index,
    Key,
    KeyType,
    LocalIndex,
    Metric,
    MissingData,
    Parameter,
    Projection,
    Schema,
    Secret,
    Site,
    Statistic,
    Store,
    StreamView,
    Table,
    Topic,
    idempotency_table,
)
from .service import DEFAULT_TAGS, LogAccess, Service
from .storage import Bucket, BucketCors, Expiration
from .triggers import ANY_METHOD, METHODS, Code, Route, Schedule, Throttle, idempotency_grant
from .validation import RESERVED_OUTPUT_PREFIXES
from .variables import CORS_VARIABLE, GROUP_VARIABLE
from .workload import Operation, Workload

__all__ = [
    "ANY_METHOD",
    "API_METRICS",
    "CORS_VARIABLE",
    "DEFAULT_BUS",
    "DEFAULT_TAGS",
    "GROUP_VARIABLE",
    "METHODS",
    "OWN_API_SETTINGS",
    "RESERVED_OUTPUT_PREFIXES",
    "ROUND_TRIP",
    "STANDARD_ALARMS",
    "TRANSACTION_ROUND_TRIP",
    "UNAUTHORIZED",
    "UNITS",
    "USER_POOL_AUTHORIZER",
    "Alarm",
    "Api",
    "Bucket",
    "BucketConsumer",
    "BucketCors",
    "Call",
    "Code",
    "Comparison",
    "Consumer",
    "EventBus",
    "EventConsumer",
    "Expiration",
    "Function",
    "FunctionUrl",
    "Grant",
    "Index",
    "Journey",
    "JwtAuthorizer",
    "Key",
    "KeyType",
    "LambdaAuthorizer",
    "LocalIndex",
    "LogAccess",
    "Metric",
    "MissingData",
    "Operation",
    "Parameter",
    "Part",
    "Projection",
    "Protocol",
    "Queue",
    "QueueConsumer",
    "Resource",
    "Route",
    "Schedule",
    "Schema",
    "Secret",
    "SeedData",
    "Service",
    "ServiceFactory",
    "Site",
    "Statement",
    "Statistic",
    "Store",
    "StreamConsumer",
    "StreamView",
    "Table",
    "Throttle",
    "Topic",
    "TopicConsumer",
    "UrlAuth",
    "Workload",
    "check_http_settings",
    "idempotency_grant",
    "idempotency_table",
]
