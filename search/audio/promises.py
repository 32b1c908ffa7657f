"""Compare the sizes in a header with the file, and present a corrected file to the decoder.

Sizes are written last, so a recorder that lost power leaves none. A program that writes to a pipe invents one. In a WAV
of more than 4 GiB the size wraps. Decoders trust such sizes and silently return nothing, or a part. Here they are
corrected in what the decoder reads, never on disk, and reported as warnings.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from search.audio.containers import Chunk, chunks, is_chunk_name, tag_bytes
from search.audio.views import View

_SLACK_BYTES = 8
"""Some writers include a chunk header in the size, or write a few bytes more than they state."""

_COUNTED_BYTES = (0, 1, _SLACK_BYTES)
"""How many bytes may be missing without loss of sound: a pad byte or a chunk header that the size includes."""

_MORE_BYTES = 4096
_MORE = 0.01
"""Bytes after the sound that are in no chunk may be sound if they are more than this many, and more than this share of
it. Then a warning reports them; fewer are ignored."""

_WRAP = 1 << 32
"""Where sizes of 4 bytes wrap."""


@dataclass(frozen=True, slots=True)
class Findings:
    """The result: ``warnings`` for people, and ``mends``, the bytes that a decoder should see, by their position.

    ``begin`` and ``end``: where the file should begin and end for the decoder; ``end`` None: at its own end.
    ``over_4_gib``: whether the size of the sound does not fit into its field.
    """

    warnings: tuple[str, ...] = ()
    mends: dict[int, bytes] = field(default_factory=dict)
    begin: int = 0
    end: int | None = None
    over_4_gib: bool = False

    def as_decoded(self, file: io.RawIOBase) -> io.RawIOBase:
        """``file`` as a decoder should see it."""
        if not self.mends and self.end is None:
            return file
        mends = {at - self.begin: mend for at, mend in self.mends.items()}
        return View(file, begin=self.begin, end=self.end, mends=mends)


def look(file: io.RawIOBase, first: bytes) -> Findings:
    """Compare the header of ``file``, whose first bytes are ``first``, with its content."""
    present = file.seek(0, io.SEEK_END)
    if first[:4] == b"OggS":
        return Findings(tuple(_last_page(file, present)))
    try:
        before, sound = _sound(file, first)
        if sound is None:
            return Findings()
        found = _compare(file, first, sound, present)
        return _moved(found, _header_alone(file, first, before, sound), sound)
    finally:
        file.seek(0)


def counts_its_frames(file: io.RawIOBase) -> bool:
    """Whether an MP3 file begins with a Xing, Info or VBRI header, which states the number of frames.

    Without one, a decoder estimates the length from the bit rate, so missing sound cannot be detected.
    """
    file.seek(0)
    file.seek(tag_bytes(file.read(10) or b""))
    frame = file.read(64) or b""
    file.seek(0)
    return any(name in frame for name in (b"Xing", b"Info", b"VBRI"))


# --- chunks of samples ----------------------------------------------------------------------------------------


_FORMAT_CHUNKS = (b"ds64", b"fmt ", b"fact", b"FVER", b"COMM")
"""Chunks that describe the sample format."""

_LONGEST_FORMAT_BYTES = 4096


def _sound(file: io.RawIOBase, first: bytes) -> tuple[list[Chunk], Chunk | None]:
    """The chunks before that of the samples, and that chunk, whose size is None if the writer did not know it."""
    if first[:4] == b".snd" and len(first) >= 12:
        size = int.from_bytes(first[8:12], "big")
        return [], Chunk(b".snd", int.from_bytes(first[4:8], "big"), None if size in (0xFFFFFFFF, 0) else size)
    before: list[Chunk] = []
    for chunk in chunks(file, first):
        if chunk.name in (b"data", b"SSND"):
            return before, chunk
        before.append(chunk)
    return before, None


def _header_alone(file: io.RawIOBase, first: bytes, before: list[Chunk], sound: Chunk) -> bytes:
    """A new header to put right before the sound if an earlier chunk of odd size has no pad byte; else empty.

    Decoders look for the next chunk one byte too late after such a chunk, and do not find it.
    """
    ends = [one.offset + (one.size or 0) for one in before if (one.size or 0) % 2]
    if first[:4] == b"caff" or first[:4] == b"riff" or not any(x.offset - 8 in ends for x in (*before, sound)):
        return b""
    parts = [first[:12]]
    for chunk in before:
        if chunk.name in _FORMAT_CHUNKS and (chunk.size or 0) <= _LONGEST_FORMAT_BYTES:
            file.seek(chunk.offset - 8)
            parts.append(file.read(8 + (chunk.size or 0)) or b"")
            parts.append(bytes(len(parts[-1]) % 2))
    return b"".join(parts)


def _moved(findings: Findings, header: bytes, sound: Chunk) -> Findings:
    """``findings`` for a file that begins with ``header``, right before ``sound``; unchanged if there is no header."""
    begin = sound.offset - 8 - len(header)
    if not header or begin < 0:
        return findings
    head = sound.offset - 8  # a mend before that is in ds64, the first chunk in both
    mends = {at if at >= head else begin + at: mend for at, mend in findings.mends.items()}
    return replace(findings, begin=begin, mends={begin: header} | mends)


def _compare(file: io.RawIOBase, first: bytes, sound: Chunk, present: int) -> Findings:
    there, size = present - sound.offset, sound.size or 0
    if there <= 0 or (sound.size is None and first[:4] != b".snd"):
        return Findings()
    if there < size and size - there not in _COUNTED_BYTES:
        return Findings((f"truncated: the header says {size:,} bytes of sound, only {there:,} are there",))
    if there - size <= _SLACK_BYTES:
        return Findings()
    if _is_chain(file, first, sound.offset + size, present):
        return _without_a_second(file, sound)
    return _with_more(file, first, sound, present)


def _without_a_second(file: io.RawIOBase, sound: Chunk) -> Findings:
    """Findings if the next chunk has samples too, of which FFmpeg reads only the first and libsndfile the last."""
    ends = sound.offset + (sound.size or 0)
    file.seek(ends)
    following = file.read(9) or b""
    if sound.name not in (following[:4], following[1:5]):
        return Findings()
    return Findings(("a second chunk of sound follows the first; only the first is read",), end=ends)


def _with_more(file: io.RawIOBase, first: bytes, sound: Chunk, present: int) -> Findings:
    """Findings for a file that has more bytes than ``sound`` should have, and no chunk after it."""
    there, size = present - sound.offset, sound.size or 0
    more = there - size
    written = size > _header_bytes(sound.name, first)
    # AU has no chunks, and libsndfile reads W64 to its end: many more bytes are sound
    to_the_end = sound.name == b".snd" or (first[:4] == b"riff" and more > _MORE_BYTES)
    if not written or (to_the_end and more > _MORE * size):
        says = f"the header says {size:,} bytes of sound" if written else "the size of the sound was never written"
        warning = f"{says}; all {there:,} bytes to the end of the file are read"
        return Findings((warning,), _to_the_end(first, sound, there))
    wrapped = range(size + _WRAP, there + 1, _WRAP) if first[:4] == b"RIFF" else ()
    if any(_is_chain(file, first, sound.offset + whole, present) for whole in wrapped):
        warning = f"over 4 GiB: the header says {size:,} bytes of sound, all {there:,} to the end of the file are read"
        return Findings((warning,), _to_the_end(first, sound, there), over_4_gib=True)
    if more <= max(_MORE_BYTES, _MORE * size):
        return Findings(end=sound.offset + size)  # libsndfile would read the rest of a W64 as sound
    return Findings((f"the header says {size:,} bytes of sound; {more:,} more follow outside any chunk",))


def _header_bytes(name: bytes, first: bytes) -> int:
    """How many bytes precede the samples in their chunk; a chunk of this size has no samples."""
    if name == b"SSND":
        return 8
    return 4 if first[:4] == b"caff" else 0


def _to_the_end(first: bytes, sound: Chunk, present_bytes: int) -> dict[int, bytes]:
    """The corrected size in the header, for sound up to the end of the file."""
    at = sound.offset
    if first[:4] == b".snd":
        return {8: b"\xff" * 4}
    if first[:4] == b"caff":
        return {at - 8: present_bytes.to_bytes(8, "big")}
    if first[:4] in (b"RF64", b"BW64"):
        return {28: present_bytes.to_bytes(8, "little"), at - 4: b"\xff" * 4}
    if first[:4] == b"riff":
        return {at - 8: (present_bytes + 24).to_bytes(8, "little")}
    size = min(present_bytes, _WRAP - 1)
    return {at - 4: size.to_bytes(4, "little" if first[:4] == b"RIFF" else "big")}


def _is_chain(file: io.RawIOBase, first: bytes, at: int, present: int) -> bool:
    """Whether a chunk or the end of the file is at this position; one pad byte may come first."""
    if present - at <= _SLACK_BYTES:
        return True
    file.seek(at)
    following = file.read(9) or b""
    order: Literal["little", "big"] = "little" if first[:4] in (b"RIFF", b"RF64", b"BW64", b"riff") else "big"
    for header in (following[:8], following[1:]):
        if is_chunk_name(header[:4]) and int.from_bytes(header[4:], order) <= present - at:
            return True
    return False


# --- Ogg ------------------------------------------------------------------------------------------------------

_LARGEST_PAGE = 27 + 255 + 255 * 255


def _last_page(file: io.RawIOBase, present: int) -> Iterator[str]:
    """Warn if an Ogg file ends within a page (RFC 3533, section 6); it may end after any page."""
    begin = max(0, present - 2 * _LARGEST_PAGE)
    file.seek(begin)
    tail = file.read(present - begin) or b""
    file.seek(0)
    page = tail.rfind(b"OggS\0")
    if page < 0:
        return
    lengths = tail[page + 27 : page + 27 + tail[page + 26]] if len(tail) > page + 26 else b""
    complete = len(tail) > page + 26 and len(lengths) == tail[page + 26]
    if not complete or page + 27 + len(lengths) + sum(lengths) > len(tail):
        yield "truncated: the file ends in the middle of an Ogg page"
