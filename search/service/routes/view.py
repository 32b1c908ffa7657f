"""Methods as views."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import Response

P = ParamSpec("P")


def view(method: Callable[P, Response]) -> Callable[P, Response]:
    """``method`` as a plain function with its name, annotations and docstring; the framework sets attributes on it."""

    @wraps(method)
    def plain(*args: P.args, **kwargs: P.kwargs) -> Response:
        return method(*args, **kwargs)

    return plain
