"""Parts that several answers share: how paths, shares and seconds are written."""

from __future__ import annotations

from functools import partial
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from search.service.http.described import Described


def text(path: str) -> str:
    """A path that JSON can hold: bytes that are not UTF-8 become replacement characters."""
    return path if path.isascii() else path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


RelativePath: TypeAlias = Annotated[str, BeforeValidator(text)]
RoundedShare: TypeAlias = Annotated[float, AfterValidator(partial(round, ndigits=4))]
RoundedSeconds: TypeAlias = Annotated[float, AfterValidator(partial(round, ndigits=3))]


class Answered(Described, BaseModel):
    """Base of answers, built from the attributes of frozen values."""

    model_config = ConfigDict(from_attributes=True)


class NamedClipOut(Answered):
    """A clip with its path and title."""

    clip_id: int
    path: RelativePath
    title: str
