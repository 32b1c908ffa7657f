"""Read parts of requests that a route cannot declare: JSON in form fields, and files."""

from __future__ import annotations

import json
from typing import TypeVar

from flask import Response, abort, request
from pydantic import BaseModel, ValidationError
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from search.service.http import problems

M = TypeVar("M", bound=BaseModel)


def valid(model: type[M], value: object) -> M:
    """Validate ``value`` as ``model``. Ends the request with 422 if it does not fit."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        refused: Response = problems.invalid(error)
        abort(refused)


def json_field(model: type[M], field: str) -> M | None:
    """A form field with JSON, as ``model``; None if the field is absent. Raises BadRequest if it is not JSON."""
    written = request.form.get(field)
    if written is None:
        return None
    try:
        return valid(model, json.loads(written))
    except (json.JSONDecodeError, RecursionError) as error:
        raise BadRequest(f"the field {field!r} is not JSON: {error}") from error


def files(most: int) -> dict[str, list[FileStorage]]:
    """The files of a multipart request by their fields. Raises RequestEntityTooLarge for more than ``most``."""
    found = {name: request.files.getlist(name) for name in request.files}
    if sum(map(len, found.values())) > most:
        raise RequestEntityTooLarge(f"more than {most} files in one request")
    return found
