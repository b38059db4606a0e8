"""Deploy the tables, topics, and parameters of a service to the emulator, and start a worker that uses them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, NamedTuple

from lib.local.emulator import REGION, Emulator
from lib.model import Index, Service, Table

from .candidates import Worker, library, start_worker
from .capacity_units import Items, key_of
from .recorder import Call, recording

BATCH = 25
"""Maximum number of items per BatchWriteItem request."""
WRITERS = 8
"""Number of concurrent requests."""


class Deployment(NamedTuple):
    """A deployment of a service in the emulator."""

    emulator: Emulator
    service: Service
    environment: dict[str, str]
    """Environment variables of its functions."""
    names: dict[str, str]
    """Physical table names by logical name."""

    @property
    def tables(self) -> dict[str, Table]:
        """The tables by physical name."""
        return {self.names[table.name]: table for table in self.service.tables}

    def put(self, table: str, item: Mapping[str, Any]) -> None:
        self.emulator.client("dynamodb").put_item(TableName=self.names[table], Item=item)

    def put_all(self, items: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Store items in batches. Each item is a pair of a logical table name and attributes."""
        dynamodb = self.emulator.client("dynamodb")

        def put(batch: list[tuple[str, Mapping[str, Any]]]) -> None:
            requests: dict[str, list[Any]] = {}
            for table, item in batch:
                requests.setdefault(self.names[table], []).append({"PutRequest": {"Item": item}})
            dynamodb.batch_write_item(RequestItems=requests)

        remaining = iter(items)
        batches = iter(lambda: list(islice(remaining, BATCH)), [])
        with ThreadPoolExecutor(WRITERS) as writers:
            for number, _ in enumerate(writers.map(put, batches)):
                if number % 100 == 0 and sys.stderr.isatty():
                    print(f"\r{number * BATCH:,} items stored", end="\r", file=sys.stderr, flush=True)

    def snapshot(self) -> dict[str, Items]:
        """Return all items by physical table name."""
        dynamodb = self.emulator.client("dynamodb")
        contents: dict[str, Items] = {}
        for name, table in self.tables.items():
            pages = dynamodb.get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
            contents[name] = {key_of(table, item): item for page in pages for item in page["Items"]}
        return contents


@dataclass(frozen=True)
class Session:
    """A worker that runs all operations of a service, and its calls to AWS."""

    deployment: Deployment
    worker: Worker
    calls: list[Call]


def single_function(service: Service) -> Service:
    """Return the service with one function for all operations, so that one worker can run them."""
    functions = service.functions
    function = replace(
        functions[0],
        routes=tuple(route for function in functions for route in function.routes),
        schedules=tuple(schedule for function in functions for schedule in function.schedules),
        consumers=tuple(consumer for function in functions for consumer in function.consumers),
    )
    return replace(service, functions=(function,), alarms=())


def deploy(emulator: Emulator, service: Service, name: str = "benchmark") -> Deployment:
    """Create the resources of a service. `name` is the prefix of their names."""
    names = {table.name: f"{name}-{table.name}" for table in service.tables}
    for table in service.tables:
        create_table(emulator, table, names[table.name])
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_ENDPOINT_URL": emulator.url,
        "AWS_LAMBDA_FUNCTION_NAME": "benchmark",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_ACCESS_KEY_ID": emulator.key_id,
        "AWS_SECRET_ACCESS_KEY": emulator.secret_key,
        **{key: value for function in service.functions for key, value in function.variables.items()},
        **{table.variable: names[table.name] for table in service.tables},
    }
    for topic in service.topics:
        arn = emulator.client("sns").create_topic(Name=f"{name}-{topic.name}")["TopicArn"]
        environment[topic.variable] = arn
    for parameter in service.parameters:
        if parameter.variable:
            path, value = f"/{name}/{parameter.name}", json.dumps(dict(parameter.value))
            emulator.client("ssm").put_parameter(Name=path, Value=value, Type="String")
            environment |= {parameter.variable: path, f"{parameter.variable}_DEPLOYED": value}
    return Deployment(emulator, service, environment, names)


@contextmanager
def open_session(emulator: Emulator, service: Service, name: str = "benchmark", **variables: str) -> Iterator[Session]:
    """Deploy a service and start a worker with additional environment variables."""
    deployment = deploy(emulator, service, name)
    with recording(emulator.url) as (url, calls):
        environment = {**deployment.environment, "AWS_ENDPOINT_URL": url, **variables}
        with start_worker(library(single_function(service)), environment) as worker:
            yield Session(deployment, worker, calls)


def create_table(emulator: Emulator, table: Table, name: str) -> None:
    """Create an empty table with its indexes."""
    attributes = [{"AttributeName": key, "AttributeType": kind} for key, kind in table.keys().items()]
    request: dict[str, Any] = {"AttributeDefinitions": attributes, "KeySchema": _schema(table)}
    if table.indexes:
        request["GlobalSecondaryIndexes"] = [_index(index) for index in table.indexes]
    emulator.client("dynamodb").create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **request)


def _index(index: Index) -> dict[str, Any]:
    projection = {"ProjectionType": index.projection}
    return {"IndexName": index.name, "KeySchema": _schema(index), "Projection": projection}


def _schema(resource: Table | Index) -> list[dict[str, str]]:
    schema = [{"AttributeName": resource.hash_key.name, "KeyType": "HASH"}]
    if resource.range_key:
        schema.append({"AttributeName": resource.range_key.name, "KeyType": "RANGE"})
    return schema
