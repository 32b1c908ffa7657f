"""What a header promises against what is there, and the file as a decoder should see it.

Sizes are written last, so a recorder that lost its power leaves none; a program that writes to a pipe invents one; and
in a WAV of more than 4 GiB it wraps. Decoders believe such sizes and give nothing, or a part, without a word. Here they
are found and mended in what the decoder reads, never on disk; what was found is said in words.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from search.audio.containers import Chunk, chunks, is_chunk_name, tag_bytes
from search.audio.views import View

_SLACK_BYTES = 8
"""Some writers count a chunk header into the size, or write a few bytes more than they say."""

_COUNTED_BYTES = (0, 1, _SLACK_BYTES)
"""What may be missing and is no sound: a pad byte, or a chunk header, that the writer counted into the size."""

_MORE_BYTES = 4096
_MORE = 0.01
"""More bytes than this behind the sound that are in no chunk, and more than this share of it, may be sound, and are
told. What is less is none."""

_WRAP = 1 << 32
"""Where sizes of 4 bytes begin again."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found: ``warnings`` for people, and ``mends``, the bytes that a decoder should see, by their place.

    ``begin`` and ``end``: where the file should begin and end for it, None: where it ends. ``over_4_gib``: whether the
    size of the sound does not fit into its field.
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
    """What the header of ``file``, whose first bytes are ``first``, promises against what is there."""
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
    """Whether an MP3 file begins with a Xing, Info or VBRI header, which say how many frames there should be.

    Without one a decoder estimates the length from the bit rate, which says nothing about what should be there.
    """
    file.seek(0)
    file.seek(tag_bytes(file.read(10) or b""))
    frame = file.read(64) or b""
    file.seek(0)
    return any(name in frame for name in (b"Xing", b"Info", b"VBRI"))


# --- chunks of samples ----------------------------------------------------------------------------------------


_FORMAT_CHUNKS = (b"ds64", b"fmt ", b"fact", b"FVER", b"COMM")
"""Chunks that say what the samples are."""

_LONGEST_FORMAT_BYTES = 4096


def _sound(file: io.RawIOBase, first: bytes) -> tuple[list[Chunk], Chunk | None]:
    """The chunk that holds the samples, after those before it; its size is None where the writer did not know."""
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
    """What should stand right before the sound where a chunk of odd size before it has no pad byte, else nothing.

    After such a chunk decoders look for the next one a byte too late, and find none.
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
    """What was found in a file that for a decoder begins with ``header``, right before ``sound``; as it is without."""
    begin = sound.offset - 8 - len(header)
    if not header or begin < 0:
        return findings
    head = sound.offset - 8  # a mend before it is one of ds64, the first chunk of both
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
    """What is to be said where the next chunk holds samples too: FFmpeg reads the first alone, libsndfile the last."""
    ends = sound.offset + (sound.size or 0)
    file.seek(ends)
    following = file.read(9) or b""
    if sound.name not in (following[:4], following[1:5]):
        return Findings()
    return Findings(("a second chunk of sound follows the first, which alone is read",), end=ends)


def _with_more(file: io.RawIOBase, first: bytes, sound: Chunk, present: int) -> Findings:
    """What is to be said of a file in which more than ``sound`` follows its header, and no chunk after it."""
    there, size = present - sound.offset, sound.size or 0
    more = there - size
    written = size > _header_bytes(sound.name, first)
    # AU has no chunks, and libsndfile reads W64 to its end: what is much is sound
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
        return Findings(end=sound.offset + size)  # of W64 libsndfile would take it for sound
    return Findings((f"the header says {size:,} bytes of sound; {more:,} more follow that no chunk holds",))


def _header_bytes(name: bytes, first: bytes) -> int:
    """How many bytes of the chunk of samples come before the samples: a size of so many means none."""
    if name == b"SSND":
        return 8
    return 4 if first[:4] == b"caff" else 0


def _to_the_end(first: bytes, sound: Chunk, present_bytes: int) -> dict[int, bytes]:
    """The size in the header as it should be for sound up to the end of the file."""
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
    """Whether a chunk, or nothing, follows at this place; one pad byte may come first."""
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
    """Ogg pages say how long they are (RFC 3533, section 6). A stream may stop after any page, not within one."""
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
