"""Classes of a service definition. The package imports neither Pulumi nor boto3.

A `Service` determines the resources, permissions, routing and validation in the functions, the OpenAPI document, alarms
and outputs.
"""

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
from .grants import Grant
from .journey import Journey
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
from .storage import Bucket, BucketCors, Expiration
from .triggers import METHODS, Code, Route, Schedule, Throttle
from .validation import RESERVED_OUTPUT_PREFIXES
from .workload import Operation, Workload

__all__ = [
    "CORS_VARIABLE",
    "DEFAULT_BUS",
    "DEFAULT_TAGS",
    "GROUP_VARIABLE",
    "METHODS",
    "RESERVED_OUTPUT_PREFIXES",
    "STANDARD_ALARMS",
    "UNITS",
    "Alarm",
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
    "Grant",
    "Index",
    "Journey",
    "Key",
    "KeyType",
    "LogAccess",
    "Metric",
    "MissingData",
    "Operation",
    "Parameter",
    "Part",
    "Projection",
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
    "Statistic",
    "Store",
    "StreamConsumer",
    "StreamView",
    "Table",
    "Throttle",
    "Topic",
    "TopicConsumer",
    "Workload",
]
