"""Definition of the gallery."""

from __future__ import annotations

from lib.model import Call, Function, Key, Route, Service, Table

FORM = "application/x-www-form-urlencoded"
ORDER = {
    "type": "object",
    "required": ["name", "copies"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string"},
        "copies": {"type": "integer", "minimum": 1},
        "framed": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
}
SEARCH = {
    "q": {"type": "string", "required": True},
    "tag": {"type": "array", "items": {"type": "integer"}, "maxItems": 2},
}
ROUTES = (
    Route(method="GET", path="/", operation="show_page", responses={200: "text/html"}),
    Route(method="DELETE", path="/", operation="end_visit", responses={204: None}),
    Route(method="POST", path="/hooks", operation="receive_hook", responses={202: "text/plain"}, errors=(401,)),
    Route(method="POST", path="/forms", operation="receive_form", content_types=(FORM,)),
    Route(
        method="POST",
        path="/orders",
        operation="order",
        body="Order",
        content_types=("application/json", FORM),
        responses={201: "Order"},
    ),
    Route(method="PUT", path="/pictures/{key+}", operation="put_picture", content_types=("image/*",)),
    Route(method="GET", path="/pictures/{key+}", operation="read_picture", responses={200: "image/png"}),
    Route(method="HEAD", path="/pictures/{key+}", operation="read_picture"),
    Route(method="GET", path="/source", operation="read_source", responses={200: "text/x-python"}),
    Route(method="GET", path="/old", operation="move", responses={301: None}),
    Route(
        method="GET",
        path="/search",
        operation="search",
        query=SEARCH,
        headers={"X-Limit": {"type": "integer", "required": True}},
        additional_query=True,
    ),
    Route(method="ANY", path="/search", operation="any_method"),
)
SERVICE = Service(
    name="gallery",
    schemas={"Order": ORDER},
    tables=(Table(name="pictures", variable="PICTURES_TABLE", hash_key=Key("id")),),
    functions=(
        Function(
            name="web",
            handler="tests.support.gallery.handler.operations",
            routes=ROUTES,
            variables={"SIGNING_KEY": "not-a-secret"},
        ),
    ),
    demo=(
        Call(method="GET", path="/", status=200, content_type="text/html"),
        Call(method="DELETE", path="/", status=204),
        Call(method="POST", path="/hooks", status=401, body=b"{}", headers={"Content-Type": "application/json"}),
        Call(method="POST", path="/forms", status=200, form={"a": "1"}),
        Call(method="POST", path="/orders", status=201, form={"name": "Sunset", "copies": "2"}),
        Call(method="PUT", path="/pictures/a/b.png", status=200, body=b"\x89", headers={"content-type": "image/png"}),
        Call(method="GET", path="/pictures/a/b.png", status=200, content_type="image/png"),
        Call(method="HEAD", path="/pictures/a/b.png", status=200),
        Call(method="GET", path="/source", status=200, content_type="text/x-python"),
        Call(method="GET", path="/old", status=301),
        Call(method="GET", path="/search?q=a&tag=1&tag=2", status=200, headers={"X-Limit": "5"}),
        Call(method="POST", path="/search", status=200, content_type="text/plain"),
    ),
)
