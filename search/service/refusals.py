"""What clients read of a refusal: words alone. A process that answers nobody loads nothing of the web for them."""

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
    """A problem document (RFC 9457) of no more than this."""
    return json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail}).encode()


class FileRefused(AudioError):
    """A sound of a request was refused, by a name that its client knows, never the path.

    ``where`` is the same name, or the part of the question that asks for a clip's sound.
    """

    def __init__(self, name: str, cause: str, where: str | None = None) -> None:
        super().__init__(name, cause)
        self.where = where or name


def public_message(error: SoundalikeError, library: Path) -> str:
    """What a client reads of an error of the engine: for people, and never where something lies on this machine."""
    if isinstance(error, FileRefused):
        return printable(str(error))
    if isinstance(error, AudioError):
        return printable(error.cause)
    if isinstance(error, EncoderError):  # it names every folder that was looked into
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
    """What a client reads whose request is larger than ``most_bytes``; of what size, where it says so."""
    sent = f" ({megabytes(sent_bytes)})" if sent_bytes else ""
    return (
        f"the request{sent} is larger than {megabytes(most_bytes)}; send fewer files at once, or let whoever runs the "
        "service start it with a larger --max-upload-mb"
    )


def megabytes(count: int) -> str:
    """A size for people."""
    return f"{count / (1 << 20):.4g} MB"
