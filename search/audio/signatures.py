"""Classify files by their first bytes, independently of their names: sound, notes, or something else.

Only signatures count: guessing, as decoders do, would find sound in many other files. Sound without a header has no
signature, so it depends on the name.
"""

from __future__ import annotations

import os
import stat
from typing import Final

from search.audio.names import FileKind

HEAD_BYTES: Final = 4096

_FIRST: Final = (
    b"fLaC", b"OggS", b"ID3", b"caff", b".snd", b"wvpk", b"MAC ", b"TTA1", b"MPCK", b"MP+", b"tBaK", b"ajkg",
    b"Creative Voice File", b"NIST_1A", b"#!AMR", b"FLV\x01", b"DSD ", b"\x1a\x45\xdf\xa3", b"\x30\x26\xb2\x75\x8e\x66",
    b"riff\x2e\x91\xcf\x11", b".RMF", b".ra\xfd", b"\x00\x00\x01\xba", b"EA3\x01", b"2BIT", b"qoaf", b"PVF1",
    b" paf", b"fap ", b".SoX", b"XoS.", b"\xb7\xd8\x00 7I\xda\x11",
)  # fmt: skip
"""The first bytes of files of sound, including films with sound."""
_FORMS: Final = {
    b"RIFF": (b"WAVE", b"AVI "), b"RIFX": (b"WAVE",), b"RF64": (b"WAVE",), b"BW64": (b"WAVE",),
    b"FORM": (b"AIFF", b"AIFC", b"8SVX", b"16SV"), b"FRM8": (b"DSD ",),
}  # fmt: skip
_STILL: Final = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif", b"avis", b"crx ", b"jp2 ", b"jxl ")
"""Brands of pictures that use the container of films."""
_RATES_HZ: Final = (44_100, 48_000, 32_000)
_KBPS: Final = {  # (is MPEG 1, layer); ISO 11172-3 and 13818-3
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


def kind_inside(path: str) -> FileKind:
    """What the file at ``path`` contains; ``other`` without a known signature, or if it cannot be read."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)  # do not wait for a pipe
    try:
        descriptor = os.open(path, flags)
        try:
            head = os.read(descriptor, HEAD_BYTES) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
        finally:
            os.close(descriptor)
    except (OSError, ValueError):
        return "other"
    return "sound" if is_sound(head) else "notes" if is_notes(head) else "other"


def is_sound(head: bytes) -> bool:
    """Whether a file with the first bytes ``head`` (`HEAD_BYTES`, or the whole file) contains sound or a film."""
    if head.startswith(_FIRST) or head[8:12] in _FORMS.get(head[:4], ()):
        return True
    if head[4:8] == b"ftyp":
        return head[8:12] not in _STILL
    return _has_packets(head) or _has_frames(head)


def is_notes(head: bytes) -> bool:
    """Whether a file with these first bytes is MIDI, plain or in a RIFF file."""
    return head[:4] == b"MThd" or (head[:4] == b"RIFF" and head[8:12] == b"RMID")


def _has_packets(head: bytes) -> bool:
    """Whether it is an MPEG transport stream, with packets of 188 bytes, or of 192 as in cameras."""
    return any(
        len(head) > first + 4 * size and all(head[first + n * size] == 0x47 for n in range(5))
        for first, size in ((0, 188), (4, 192))
    )


def _has_frames(head: bytes) -> bool:
    """Whether it begins with three consecutive frames of MPEG audio or AAC."""
    place = 0
    for _ in range(3):
        size = frame_bytes(head[place : place + 7])
        if not size:
            return False
        place += size
    return True


def frame_bytes(header: bytes) -> int:
    """The length of the frame of MPEG audio (layers 1 to 3) or AAC (ADTS) with this header; 0 if it is none."""
    if len(header) < 7 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return 0
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    if layer == 4:  # its bits are 0: ADTS
        return (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5 if header[1] & 0xF0 == 0xF0 else 0
    kbps_place, rate_place = header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or rate_place == 3 or not 0 < kbps_place < 15:
        return 0
    is_first = version == 3
    rate_hz = _RATES_HZ[rate_place] // {3: 1, 2: 2, 0: 4}[version]
    bits = 1000 * _KBPS[is_first, layer][kbps_place - 1]
    padding = header[2] >> 1 & 1
    if layer == 1:
        return (12 * bits // rate_hz + padding) * 4
    return (144 if is_first or layer == 2 else 72) * bits // rate_hz + padding
