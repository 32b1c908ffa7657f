"""The REST reference in Markdown, from the service's OpenAPI document.

It is our own because the maintained renderer, essentials-openapi 1.4, repeats every error response at every endpoint:
36,000 lines for 33 endpoints.
"""

from __future__ import annotations

import json
import math
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from docs.tools.fields import Meanings

Json: TypeAlias = Mapping[str, Any]

PREFIX = "/api/v1"
REQUESTS = "Requests"
"""The section of ``fields.md`` about fields that several requests share."""
_UNBOUNDED = 2.0**53
_METHODS = ("get", "post", "put", "patch", "delete")
_HEAD = """# REST API

What the service says of itself at `/api/v1/openapi.json` (OpenAPI {version}), as a page. Every path below begins with
`/api/v1`. [Serve a library](../guides/serve.md) shows requests that work;
[What the fields mean](fields.md) explains the answers.

Every endpoint may also answer with one of these errors, as a [`Problem`](#problem) (RFC 9457):
{errors}.
"""


def document() -> Json:
    """The OpenAPI document of a service over an empty library."""
    from search.service import document as writer

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "openapi.json")
        writer.main([str(file)])
        loaded: Json = json.loads(file.read_text(encoding="utf-8"))
    return loaded


def markdown(document: Json, meanings: Meanings) -> str:
    """The whole page. A field without a description in ``document`` gets the one in ``meanings``."""
    calls = list(operations(document))
    errors = {
        status: answer["description"]
        for _, _, operation in calls
        for status, answer in sorted(operation["responses"].items())
        if "application/problem+json" in answer.get("content", {})
    }
    parts = [
        _HEAD.format(
            version=document["openapi"], errors=", ".join(f"{status} {what}" for status, what in errors.items())
        )
    ]
    common = meanings.get(REQUESTS, {})
    group = None
    for method, path, operation in calls:
        if operation["tags"][0] != group:
            group = operation["tags"][0]
            parts.append(f"## {group.capitalize()}")
        parts.append("\n\n".join(_operation(method, path, operation, common)))
    parts.append("## Objects")
    for name, schema in document["components"]["schemas"].items():
        parts.append(_object(name, schema, meanings.get(name.removesuffix("Out"), common)))
    return "\n\n".join(parts) + "\n"


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Method, path and description of every endpoint."""
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method in methods:
                yield method.upper(), path, methods[method]


def _operation(method: str, path: str, operation: Json, meanings: Mapping[str, str]) -> Iterator[str]:
    yield f"### {method} {path.removeprefix(PREFIX)}"
    yield _prose(operation["summary"])
    if operation.get("description"):
        yield _prose(operation["description"])
    if parameters := operation.get("parameters"):
        rows = [
            (f"`{one['name']}`", one["in"], _type(one["schema"]), _cell(one["name"], one["schema"], meanings))
            for one in parameters
        ]
        yield _table(("parameter", "in", "type", "meaning"), rows)
    content = operation.get("requestBody", {}).get("content", {})
    if content:
        yield "Body: " + ", or ".join(f"{_type(body['schema'])} (`{media}`)" for media, body in content.items()) + "."
    yield "Answer: " + ", or ".join(_answers(operation)) + "."


def _answers(operation: Json) -> Iterator[str]:
    for status, answer in sorted(operation["responses"].items()):
        content = answer.get("content", {})
        if "application/problem+json" in content:
            continue
        media = ", ".join(f"{_type(body.get('schema', {}))} (`{kind}`)" for kind, body in content.items())
        yield f"{status} {media or answer['description']}"


def _object(name: str, schema: Json, meanings: Mapping[str, str]) -> str:
    parts = [f"### {name}", _prose(schema.get("description", ""))]
    rows = [
        (f"`{field}`", _type(facts), _cell(field, facts, meanings))
        for field, facts in schema.get("properties", {}).items()
    ]
    if rows:
        parts.append(_table(("field", "type", "meaning"), rows))
    return "\n\n".join(part for part in parts if part)


def _type(schema: Json) -> str:
    """The type of a schema, with links to the objects that it names."""
    several = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    if several:
        return " or ".join(dict.fromkeys(_type(one) for one in several))
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    if values:
        return " or ".join(f"`{json.dumps(value)}`" for value in values)
    return _plain_type(schema)


def _plain_type(schema: Json) -> str:
    match schema.get("type"):
        case "array":
            return f"list of {_type(schema.get('items', {}))}"
        case "object" if isinstance(schema.get("additionalProperties"), Mapping):
            return f"object of {_type(schema['additionalProperties'])}"
        case "string" if schema.get("format") == "binary":
            return "file"
        case known:
            return str(known or "anything")


def description(schema: Json) -> str:
    """The description of ``schema``, or of its alternative that is not null; '' if there is none."""
    return next((_prose(one["description"]) for one in _and_inner(schema) if one.get("description")), "")


def _and_inner(schema: Json) -> list[Json]:
    return [schema, *(one for one in schema.get("anyOf", ()) if one.get("type") != "null")]


def _cell(name: str, schema: Json, meanings: Mapping[str, str]) -> str:
    """The meaning of a field, its bounds and its default."""
    prose = description(schema) or meanings.get(name, "").replace("](#", "](fields.md#")
    limits = []
    for one in _and_inner(schema):
        if "minimum" in one:
            limits.append(_range(one["minimum"], one.get("maximum", math.inf)))
        if "maxLength" in one:
            limits.append(f"at most {one['maxLength']:,} characters")
        if "maxItems" in one:
            limits.append(f"at most {one['maxItems']:,}")
    if schema.get("default") is not None:
        limits.append(f"default `{json.dumps(schema['default'])}`")
    return " ".join(part for part in (prose, f"({'; '.join(limits)})" if limits else "") if part)


def _range(least: float, most: float) -> str:
    """``1 to 500``, or ``from 1`` if the upper bound is larger than any exact integer in JSON."""
    return f"from {least:g}" if most >= _UNBOUNDED else f"{least:g} to {most:g}"


def _prose(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("<br/>", " ")).strip()


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
