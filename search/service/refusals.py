"""Texts of refusals for clients. This module imports nothing of the web, for processes that answer no requests."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

from search.errors import AudioError, EncoderError, LibraryError, SoundalikeError, StoreAway, printable
from search.ground.urls import without_secrets

MEDIA_TYPE = "application/problem+json"
_SERVER: Final = re.compile(r"postgresql://\S+?(?=:\s|\s|$)")
NO_ROOM = "the disk of the service is full; try again later"


def document(title: str, status: int, detail: str) -> bytes:
    """A minimal problem document (RFC 9457), as JSON."""
    return json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail}).encode()


class FileRefused(AudioError):
    """A sound of a request was refused; it is named as the client knows it, never by its path.

    ``where`` is the same name, or the part of the query that uses a clip's sound.
    """

    def __init__(self, name: str, cause: str, where: str | None = None) -> None:
        super().__init__(name, cause)
        self.where = where or name


def public_message(error: SoundalikeError, library: Path) -> str:
    """The text of an engine error for a client: readable, and without paths of this machine."""
    if isinstance(error, FileRefused):
        return printable(str(error))
    if isinstance(error, AudioError):
        return printable(error.cause)
    if isinstance(error, EncoderError):  # its text names every folder that was searched
        return "a model of this library cannot be used; the log of the service says why"
    if isinstance(error, StoreAway):
        return "the store that has the sounds does not answer; the log of the service says why"
    if isinstance(error, LibraryError) and error.of_server:
        return "the catalog's server refuses or does not answer; the log of the service says why"
    message = without_secrets(_SERVER.sub("LIBRARY", printable(str(error))))
    for folder in (library.resolve(), library.absolute()):
        message = message.replace(printable(str(folder)), "LIBRARY")
    return message


def too_large(most_bytes: int, sent_bytes: int | None) -> str:
    """The text for a request that is larger than ``most_bytes``, with its size if that is known."""
    sent = f" ({megabytes(sent_bytes)})" if sent_bytes else ""
    return (
        f"the request{sent} is larger than {megabytes(most_bytes)}; send fewer files at once, or let whoever runs the "
        "service start it with a larger --max-upload-mb"
    )


def megabytes(count: int) -> str:
    """A size, like ``64 MB``."""
    return f"{count / (1 << 20):.4g} MB"
