"""Decodes text of unknown encoding: as UTF-8 if it is valid, else in the code page that it looks like.

The guess is made by chardetng, Firefox's detector, which was made for short texts (docs/decisions/0013-titles.md). It
does not know Mac Roman, in which old AIFF files have their names. Texts of one file are judged together.
"""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterable
from typing import Final

WESTERN = "cp1252"
_MAC: Final = "mac-roman"
_OF_A_MAC: Final = re.compile("[a-zß-ÿ][ŠŽŸŒ\ufffd]")
"""What lower-case Mac Roman letters become in `WESTERN`: a capital inside a word ("TŸrgerŠusch"), or no letter."""

_CODECS = {
    "big5": "big5hkscs",
    "euc-kr": "cp949",
    "gbk": "gb18030",
    "ibm866": "cp866",
    "iso-8859-8-i": "iso8859-8",
    "koi8-u": "koi8-u",
    "shift_jis": "cp932",
    "windows-874": "cp874",
    "x-mac-cyrillic": "mac-cyrillic",
}
"""Python's names for encodings whose names differ, or for the larger character set that browsers use."""

_JAPANESE = "\x1b$"
"""The escape sequence with which ISO-2022-JP leaves ASCII."""

_ENOUGH_BYTES = 64 << 10


def code_page(texts: Iterable[bytes]) -> str:
    """Return the Python codec of the texts that are not UTF-8, judged together; `WESTERN` if all are UTF-8.

    >>> code_page(["Собака лает".encode("cp1251")])
    'cp1251'
    """
    doubtful = b"\n".join(text for text in texts if not _is_utf8(text))[:_ENOUGH_BYTES]
    if not doubtful:
        return WESTERN
    try:
        from chardetng_py import EncodingDetector
    except ImportError:  # there is no build of it for this system
        return WESTERN
    detector = EncodingDetector()
    detector.feed(doubtful, last=True)
    name = detector.guess(tld=None, allow_utf8=False)
    try:
        page = codecs.lookup(_CODECS.get(name.lower(), name.lower())).name
    except LookupError:
        return WESTERN
    return _MAC if page == WESTERN and _OF_A_MAC.search(doubtful.decode(WESTERN, "replace")) else page


def text_of(data: bytes, page: str) -> str:
    """Decode ``data``: as UTF-16 if it has a byte order mark, as UTF-8 if it is valid, else in the code page.

    Invalid bytes become U+FFFD.
    """
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return data.decode("utf-16", "replace")
    return mended(data.decode("utf-8-sig") if _is_utf8(data) else data.decode(page, "replace"))


def whole_letters(data: bytes) -> bytes:
    """Return truncated ``data`` without an incomplete last character, if it is UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(data)
    except UnicodeDecodeError:
        return data
    return data.removesuffix(decoder.getstate()[0])


def mended(text: str) -> str:
    """Repair ``text`` that was decoded with the wrong encoding; return other text unchanged.

    It repairs UTF-8 that was read in a western code page ("MÃ¶we"), and ISO-2022-JP that was read as ASCII.
    """
    taken_for = [] if text.isascii() else [("latin-1", "utf-8"), (WESTERN, "utf-8")]
    if _JAPANESE in text:
        taken_for.append(("ascii", "iso2022_jp"))
    for wrong, right in taken_for:
        try:
            return text.encode(wrong).decode(right)
        except UnicodeError:
            continue
    return text


def readable(path: str) -> str:
    r"""Return a path for people: bytes that are not UTF-8 (surrogate escapes) are decoded in a code page.

    Each name in the path is decoded separately, because names often come from different systems.

    >>> readable("sounds/caf\udce9.wav")
    'sounds/café.wav'
    """
    if path.isascii():
        return path
    return "/".join(_readable_name(name) for name in path.split("/"))


def _readable_name(name: str) -> str:
    try:
        data = os.fsencode(name)
    except UnicodeEncodeError:  # a lone surrogate that stands for no byte
        return name.encode("utf-8", "replace").decode()
    return text_of(data, code_page([data]))


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
