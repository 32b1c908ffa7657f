"""iXML and XMP: the texts of elements, even in invalid XML.

An XML parser stops at the first error, but texts typed into a recorder have bare ampersands and "take <3", elements are
not closed, and declared encodings are wrong. This module finds tags, and takes what is between them as text.
"""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Iterator

from search.audio.metadata.fields import joined
from search.ground.codepages import code_page, text_of

_TECHNICAL = frozenset({"speed", "sync_point_list", "file_set", "history", "loudness", "bext", "ixml_version"})
"""Elements of iXML with numbers and identifiers, which nobody searches for."""

_DESCRIBING = {"dc:title": "title", "dc:description": "description", "dc:creator": "artist", "dc:subject": "keywords"}
"""The elements of XMP with texts of people (Dublin Core)."""

_DEEPEST = 32

_MARK = re.compile(
    r"""
    <!\[CDATA\[ (?P<plain> (?: (?!<!\[CDATA\[|\]\]>) . )* ) \]\]>
    | < (?P<end>/?) (?P<name>[A-Za-z_][\w:.-]*) (?:\s[^<>]*?)? (?P<empty>/?) >
    | <[?!][^<>]*>
    """,
    re.VERBOSE | re.DOTALL,
)
"""A CDATA section, a tag, or a comment. None extends beyond the next one, so that time is linear in the length."""


def of_ixml(data: bytes) -> Iterator[tuple[str, str]]:
    """Every element with text, except technical ones, by its name; texts of equal names are joined (ixml.info)."""
    fields: dict[str, list[str]] = {}
    for path, text in _texts(data):
        if _TECHNICAL.isdisjoint(path):
            fields.setdefault(path[-1].rpartition(":")[2], []).append(text)
    for name, texts in fields.items():
        yield name, joined(texts)


def of_xmp(data: bytes) -> Iterator[tuple[str, str]]:
    """The title, description, creators and subjects of an XMP packet, or of other XML with Dublin Core elements."""
    for path, text in _texts(data):
        for name in path:
            if name in _DESCRIBING:
                yield _DESCRIBING[name], text


def _texts(data: bytes) -> Iterator[tuple[list[str], str]]:
    """(names of the enclosing elements, text) of every text; none if the XML defines entities, which could expand."""
    text = _letters(data)
    if "<!DOCTYPE" in text:  # neither format has one
        return
    path: list[str] = []
    parts: list[str] = []
    at = 0
    for mark in _MARK.finditer(text):
        parts.append(html.unescape(text[at : mark.start()]))
        at = mark.end()
        if mark["plain"] is not None:
            parts.append(mark["plain"])
        elif mark["name"]:
            yield from _reported(path, parts)
            _step(path, mark["name"].lower(), end=bool(mark["end"]), empty=bool(mark["empty"]))
    parts.append(html.unescape(text[at:]))
    yield from _reported(path, parts)


def _reported(path: list[str], parts: list[str]) -> Iterator[tuple[list[str], str]]:
    whole = "".join(parts).strip()
    parts.clear()
    if path and whole:
        yield path, whole


def _step(path: list[str], name: str, *, end: bool, empty: bool) -> None:
    """Follow a tag; an end tag also closes elements that were left open inside."""
    if not end and not empty and len(path) < _DEEPEST:
        path.append(name)
    elif end and name in path:
        while path.pop() != name:
            pass


def _letters(data: bytes) -> str:
    data = data.strip(b" \r\n\t")
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        text = data.decode("utf-16", "replace")
    elif data[:2] == b"<\0":
        text = data.decode("utf-16-le", "replace")
    else:
        text = text_of(data, code_page([data]))
    return text.strip("\0 \r\n\t\ufeff")
