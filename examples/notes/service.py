"""Definition of the service, with a secret."""

from tap_stack.model import Call, Function, Grant, Key, Route, Secret, Service, Table

USE_SEAL = Grant(on="seal", actions=("GetParameter",), reason="seal notes")
SERVICE = Service(
    name="notes",
    description="Keeps notes by name.",
    tables=(Table(name="table", variable="NOTES_TABLE", hash_key=Key("name")),),
    secrets=(Secret(name="seal", variable="NOTES_SEAL", description="key that seals notes", generated=True),),
    schemas={
        "Note": {
            "type": "object",
            "required": ["text"],
            "properties": {"text": {"type": "string", "maxLength": 10_000}},
        }
    },
    functions=(
        Function(
            name="api",
            handler="examples.notes.handler.operations",
            routes=(
                Route(
                    method="PUT",
                    path="/notes/{name}",
                    operation="write_note",
                    summary="Write a note",
                    body="Note",
                    responses={200: "Note"},
                    grants=(Grant(on="table", actions=("PutItem",), reason="store the note"), USE_SEAL),
                ),
                Route(
                    method="GET",
                    path="/notes/{name}",
                    operation="read_note",
                    summary="Read a note",
                    responses={200: "Note"},
                    grants=(Grant(on="table", actions=("GetItem",), reason="read the note"), USE_SEAL),
                ),
            ),
        ),
    ),
    demo=(
        Call(method="PUT", path="/notes/milk", status=200, body={"text": "two liters"}),
        Call(method="GET", path="/notes/milk", status=200),
    ),
)
