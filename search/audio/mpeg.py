"""Detect MP3 files that are unchanged since they were encoded, by the length and checksum that LAME and FFmpeg write.

The first frame of such a file contains no sound, but Xing's header and then LAME's tag. They state how many frames
follow, how many samples of padding the encoder added before and after the sound, how long the file is, and the checksum
of the rest (gabriel.mp3-tech.org/mp3infotag.html).
"""

from __future__ import annotations

import io
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from search.audio.containers import tag_bytes
from search.audio.signatures import frame_bytes

_XING: Final = (b"Xing", b"Info")
_WRITERS: Final = (b"LAME", b"Lavf", b"Lavc")
"""Encoders whose padding counts FFmpeg uses."""
_ALL_FIELDS: Final = 0x0F
"""Flags of a Xing header with all fields: frames, bytes, a seek table, quality."""
_XING_BYTES: Final = 120
_TAG_BYTES: Final = 36
_MPEG_1_LAYER_III: Final = 0b1101
_MONO: Final = 0b11
_HEADER_BYTES: Final = 4
_MONO_BYTES, _STEREO_BYTES = 17, 32
"""The size of the side information after a frame's header, by channels; in the first frame it is all zeros."""
_FRAME_SAMPLES: Final = 1152
_ID3V1_BYTES: Final = 128
_DECODER_SAMPLES: Final = 529
"""The delay of every decoder."""
_READ_BYTES: Final = 1 << 20
_LANES: Final = 512
"""How many words of the checksum are processed in parallel. Half or twice as many take as long for a file of 30 kB."""
_POLYNOMIAL: Final = 0xA001
"""The polynomial of LAME's CRC-16, with its bits reversed."""


class WholeMpeg(NamedTuple):
    """The tag of an undamaged file: how many ``samples`` each channel has."""

    samples: int


def whole(file: io.RawIOBase) -> WholeMpeg | None:
    """The tag of an MP3 file; None for any other file, and for one that differs from what its encoder wrote.

    None also for MPEG 2 (up to 24 kHz), where LAME sometimes writes frames that decoders complain about. Only an ID3v1
    tag may follow the sound. Seeks the file back to its start.
    """
    try:
        return _whole(file)
    finally:
        file.seek(0)


def _whole(file: io.RawIOBase) -> WholeMpeg | None:
    present = file.seek(0, io.SEEK_END)
    file.seek(0)
    begin = tag_bytes(file.read(10) or b"")
    file.seek(begin)
    frame = file.read(256) or b""
    if not frame_bytes(frame[:7]) or frame[1] >> 1 & 0xF != _MPEG_1_LAYER_III:
        return None
    place = _HEADER_BYTES + (_MONO_BYTES if frame[3] >> 6 == _MONO else _STEREO_BYTES)
    tag = frame[place + _XING_BYTES : place + _XING_BYTES + _TAG_BYTES]
    if frame[place : place + 4] not in _XING or len(tag) < _TAG_BYTES or not tag.startswith(_WRITERS):
        return None
    if int.from_bytes(frame[place + 4 : place + 8], "big") & _ALL_FIELDS != _ALL_FIELDS:
        return None
    said, first = int.from_bytes(tag[28:32], "big"), begin + frame_bytes(frame[:7])
    if not first < begin + said <= present or not _ends(file, begin + said, present):
        return None
    if checksum(file, first, begin + said) != int.from_bytes(tag[32:34], "big"):
        return None
    frames = int.from_bytes(frame[place + 8 : place + 12], "big")
    before, after = tag[21] << 4 | tag[22] >> 4, (tag[22] & 0x0F) << 8 | tag[23]
    samples = frames * _FRAME_SAMPLES - before - _DECODER_SAMPLES - max(0, after - _DECODER_SAMPLES)
    return WholeMpeg(samples) if samples > 0 else None


def _ends(file: io.RawIOBase, end: int, present: int) -> bool:
    """Whether the file ends at ``end``, or only an ID3v1 tag follows."""
    if end == present:
        return True
    file.seek(end)
    return present - end == _ID3V1_BYTES and file.read(3) == b"TAG"


def checksum(file: io.RawIOBase, begin: int, end: int) -> int:
    """CRC-16 of the bytes ``begin`` to ``end`` of a file, as LAME computes it; -1 if some are missing.

    A word of 16 bits shifts the whole old sum of 16 bits out, so each word needs one look-up in a table of all words.
    `_LANES` sums are computed in parallel; each processes every `_LANES`-th word.
    """
    step, stride = _table(1).data, _table(_LANES)
    sums = np.zeros(_LANES, np.uint16)
    file.seek(begin)
    left, rest = end - begin, b""
    while left > 0 and (data := file.read(min(left, _READ_BYTES))):
        left -= len(data)
        data, length = rest + data, (len(rest) + len(data)) // (2 * _LANES) * 2 * _LANES
        for row in np.frombuffer(data, "<u2", length // 2).reshape(-1, _LANES):
            sums = stride[sums] ^ row
        rest = data[length:]
    total = 0
    for word in sums.tolist():
        total = step[total ^ word]
    for word in np.frombuffer(rest, "<u2", len(rest) // 2).tolist():
        total = step[total ^ word]
    if len(rest) % 2:
        total = _pushed(total ^ rest[-1], 8)
    return -1 if left else total


@cache
def _table(words: int) -> NDArray[np.uint16]:
    """The sum that each sum (65,536,) turns into after ``words`` words of zeros."""
    bits = [1 << bit for bit in range(16)]
    for _ in range(words):
        bits = [_pushed(one, 16) for one in bits]
    table = np.zeros(1, np.uint16)
    for bit in bits:  # linear: the result is the XOR of those of its bits
        table = np.concatenate((table, table ^ np.uint16(bit)))
    return table


def _pushed(crc: int, bits: int) -> int:
    for _ in range(bits):
        crc = crc >> 1 ^ (_POLYNOMIAL if crc & 1 else 0)
    return crc
