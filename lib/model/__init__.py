"""Classes of a service definition. The package imports neither Pulumi nor boto3.

A `Service` determines the resources, permissions, routing and validation in the functions, the OpenAPI document, alarms
and outputs.
"""

from .authorizers import UNAUTHORIZED, USER_POOL_AUTHORIZER, LambdaAuthorizer
from .factory import SeedData, ServiceFactory
from .function import Function
from .grants import Grant
from .journey import Journey
from .jwt_authorizer import JwtAuthorizer
from .resources import (
    STANDARD_ALARMS,
    UNITS,
    Alarm,
    Comparison,
    Grantable,
    Index,
    Key,
    KeyType,
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
)
from .service import CORS_VARIABLE, DEFAULT_TAGS, GROUP_VARIABLE, Call, LogAccess, Service
from .triggers import METHODS, Code, Consumer, Part, Route, Schedule, Throttle
from .validation import RESERVED_OUTPUT_PREFIXES
from .workload import Operation, Workload

__all__ = [
    "CORS_VARIABLE",
    "DEFAULT_TAGS",
    "GROUP_VARIABLE",
    "METHODS",
    "RESERVED_OUTPUT_PREFIXES",
    "STANDARD_ALARMS",
    "UNAUTHORIZED",
    "UNITS",
    "USER_POOL_AUTHORIZER",
    "Alarm",
    "Call",
    "Code",
    "Comparison",
    "Consumer",
    "Function",
    "Grant",
    "Grantable",
    "Index",
    "Journey",
    "JwtAuthorizer",
    "Key",
    "KeyType",
    "LambdaAuthorizer",
    "LogAccess",
    "Metric",
    "MissingData",
    "Operation",
    "Parameter",
    "Part",
    "Projection",
    "Route",
    "Schedule",
    "Schema",
    "Secret",
    "SeedData",
    "Service",
    "ServiceFactory",
    "Site",
    "Statistic",
    "Store",
    "StreamView",
    "Table",
    "Throttle",
    "Topic",
    "Workload",
]
