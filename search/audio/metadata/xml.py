"""iXML and XMP: texts that stand in elements, however badly they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from xml.etree import ElementTree

from search.audio.metadata.fields import joined

_TECHNICAL = frozenset({"speed", "sync point list", "file set", "history", "loudness", "bext", "ixml version"})
"""Elements of iXML with numbers and identifiers, in which nobody looks for a sound."""

_BARE_AMPERSAND = re.compile(r"<!\[CDATA\[.*?\]\]>|&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[\da-fA-F]+);)", re.DOTALL)
"""An ampersand that stands for itself, or, to be passed over, a passage in which each of them does."""

_DESCRIBING = re.compile(r"\{http://purl\.org/dc/elements/1\.1/\}(title|description|creator|subject|rights)$")
"""The elements of XMP that hold what people write (Dublin Core)."""


def of_ixml(data: bytes) -> Iterator[tuple[str, str]]:
    """Every element with text but the technical ones, named for itself; equal names are joined (ixml.info)."""
    fields: dict[str, list[str]] = {}
    waiting = [root] if (root := _root_of(data)) is not None else []
    while waiting:
        element = waiting.pop()
        name = str(element.tag).rpartition("}")[2].lower().replace("_", " ")
        if name not in _TECHNICAL:
            fields.setdefault(name, []).append(element.text or "")
            waiting.extend(reversed(element))
    for name, texts in fields.items():
        yield name, joined(texts)


def of_xmp(data: bytes) -> Iterator[tuple[str, str]]:
    """The title, description, creator, subjects and rights of an XMP packet."""
    root = _root_of(data)
    for element in () if root is None else root.iter():
        if found := _DESCRIBING.match(str(element.tag)):
            yield found[1], joined(element.itertext())


def _root_of(data: bytes) -> ElementTree.Element | None:
    """The outermost element, with what stands in it before the first damage; None of what defines entities."""
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", "replace").strip(
        "\0 \r\n\t\ufeff"
    )
    if "<!DOCTYPE" in text:  # its entities could grow without end; neither format has any
        return None
    # what was typed into a recorder is not always escaped
    escaped = _BARE_AMPERSAND.sub(lambda match: match[0] if len(match[0]) > 1 else "&amp;", text)
    parser: ElementTree.XMLPullParser[ElementTree.Element] = ElementTree.XMLPullParser(["start"])
    with suppress(ElementTree.ParseError):
        parser.feed(escaped)
    with suppress(ElementTree.ParseError):  # it comes after the events of what was read
        starts: Iterator[Any] = parser.read_events()
        return next((element for _, element in starts), None)
    return None
