"""Definition of the service, with two authorizers of its own."""

from tap_stack.model import Call, Function, Grant, Key, LambdaAuthorizer, Route, Secret, Service, Table

USE_KEY = Grant(on="signing-key", actions=("GetParameter",), reason="sign and verify tokens")
READ_USERS = Grant(on="users", actions=("GetItem",), reason="check the password")
CREDENTIALS = {"name": "ada", "password": "correct horse battery"}
WITH_TOKEN = {"Authorization": "Bearer {token}"}
SCHEMAS = {
    "Credentials": {
        "type": "object",
        "required": ["name", "password"],
        "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 100},
            "password": {"type": "string", "minLength": 12, "maxLength": 200},
        },
    },
    "Token": {"type": "object", "required": ["token"], "properties": {"token": {"type": "string"}}},
    "Todo": {
        "type": "object",
        "required": ["text"],
        "properties": {"text": {"type": "string", "minLength": 1, "maxLength": 1000}},
    },
}
AUTHORIZER = Function(
    name="authorizer",
    handler="examples.todo.handler.authorizer",
    authorizers=(
        LambdaAuthorizer(
            name="token",
            operation="authorize",
            cache_seconds=60,
            validation=r"^Bearer .+$",
            description="Token that `POST /sessions` returns.",
            grants=(USE_KEY,),
        ),
        LambdaAuthorizer(
            name="optional-token",
            operation="authorize",
            type="REQUEST",
            cache_seconds=0,
            optional=True,
            description="Token that `POST /sessions` returns, if the user is signed in.",
            grants=(USE_KEY,),
        ),
    ),
)
API = Function(
    name="api",
    handler="examples.todo.handler.operations",
    routes=(
        Route(
            method="POST",
            path="/users",
            operation="sign_up",
            authorizer="",
            body="Credentials",
            responses={201: "Token"},
            errors=(409,),
            grants=(Grant(on="users", actions=("PutItem",), reason="create the user"), USE_KEY),
        ),
        Route(
            method="POST",
            path="/sessions",
            operation="sign_in",
            authorizer="",
            body="Credentials",
            responses={200: "Token"},
            errors=(401,),
            grants=(READ_USERS, USE_KEY),
        ),
        Route(
            method="POST",
            path="/todos",
            operation="add_todo",
            authorizer="token",
            scope="todos",
            body="Todo",
            responses={201: "Todo"},
            grants=(Grant(on="todos", actions=("PutItem",), reason="store the task"),),
        ),
        Route(
            method="GET",
            path="/todos",
            operation="list_todos",
            authorizer="token",
            scope="todos",
            grants=(Grant(on="todos", actions=("Query",), reason="list the tasks"),),
        ),
        Route(
            method="GET",
            path="/users",
            operation="count_users",
            authorizer="token",
            scope="admin",
            grants=(Grant(on="users", actions=("Scan",), reason="count the users"),),
        ),
        Route(method="GET", path="/greeting", operation="greet", authorizer="optional-token"),
    ),
)
SERVICE = Service(
    name="todo",
    description="Tasks of users who sign in with a password.",
    tables=(
        Table(name="users", variable="USERS_TABLE", hash_key=Key("name")),
        Table(name="todos", variable="TODOS_TABLE", hash_key=Key("owner"), range_key=Key("id")),
    ),
    secrets=(
        Secret(name="signing-key", variable="TODO_SIGNING_KEY", description="key that signs tokens", generated=True),
    ),
    schemas=SCHEMAS,
    functions=(API, AUTHORIZER),
    demo=(
        Call(method="POST", path="/users", status=201, body=CREDENTIALS, captures={"token": "token"}),
        Call(method="POST", path="/sessions", status=200, body=CREDENTIALS, captures={"token": "token"}),
        Call(method="POST", path="/todos", status=201, body={"text": "buy milk"}, headers=WITH_TOKEN),
        Call(method="GET", path="/todos", status=200, headers=WITH_TOKEN),
        Call(method="GET", path="/todos", status=401),
        Call(method="GET", path="/users", status=403, headers=WITH_TOKEN),
        Call(method="GET", path="/greeting", status=200),
        Call(method="GET", path="/greeting", status=200, headers=WITH_TOKEN),
    ),
)
