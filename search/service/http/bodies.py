"""OpenAPI descriptions of endpoints that take JSON or a form."""

from __future__ import annotations

from typing import Any

from flask_openapi3 import APIBlueprint
from flask_openapi3.models import RequestBody
from flask_openapi3.utils import parse_body, parse_form
from pydantic import BaseModel


def two_bodies(api: APIBlueprint, as_json: type[BaseModel], as_form: type[BaseModel]) -> dict[str, Any]:
    """The request body of an operation: one model as JSON, another as a form; empty if ``api`` is not described."""
    if not api.doc_ui:
        return {}
    content: dict[str, Any] = {}
    for parse, model in ((parse_body, as_json), (parse_form, as_form)):
        media, schemas = parse(model)
        content.update(media)
        api.components_schemas.update(schemas)
    return {"requestBody": RequestBody(content=content, required=True)}
