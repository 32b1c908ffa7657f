"""Classify files by name: sound, notes, a file to skip, or unknown.

A file with an audio suffix is opened, and reported if it contains no sound. Any other file is classified by its first
bytes (`search.audio.signatures`), which takes 10 microseconds of processor time for a picture or a text. Decoding
depends on content only.
"""

from __future__ import annotations

import os
from typing import Literal, TypeAlias

FileKind: TypeAlias = Literal["sound", "notes", "other"]
"""What a file contains: sound, notes (MIDI), or something else."""

_LOSSLESS = """
wav wave bwf rf64 w64 aif aiff aifc au snd caf flac alac ape apl wv tta tak shn dsf voc avr paf pvf fap 8svx 16svx
svx nist sph ircam sox hcom sf sd2 xi htk sds mlp thd osq bonk rka laf wsd
"""
_LOSSY = """
mp1 mp2 mp3 mpga mpa m2a ogg oga opus spx m4a m4b m4p m4r isma aac adts loas ac3 eac3 ec3 ac4 dts dtshd wma amr awb
mpc mp+ ra qcp mmf oma aa3 omg aax dss vqf qoa lc3 iamf aea
"""
_OF_GAMES = "adx aix bcstm bfstm brstm binka hca genh xvag svag fsb5 xmd"
_WITH_A_SOUND_TRACK = """
mp4 m4v mov qt 3gp 3g2 mkv mk3d mka webm weba avi asf wmv flv f4v f4a mpg mpeg m2ts mts vob ogv ogm ogx rm rmvb ivr
mxf nut ismv mj2 dv xmv kux wtv dvr-ms nsv nuv
"""
SUFFIXES = frozenset((_LOSSLESS + _LOSSY + _OF_GAMES + _WITH_A_SOUND_TRACK).split())
"""Suffixes of sound, in lower case, without the dot."""

_UNFINISHED = frozenset({"part", "partial", "crdownload", "download", "opdownload"})
"""Suffixes of unfinished downloads of browsers."""

MIDI_SUFFIXES = frozenset({"mid", "midi", "kar", "rmi"})
"""Notes, not sound: their melodies are indexed, in the melody space."""


def kind(name: str) -> FileKind | None:
    """The kind of a file by its name; None if its content must be checked."""
    suffix = _suffix(name)
    if suffix in SUFFIXES:
        return "sound"
    if suffix in MIDI_SUFFIXES:
        return "notes"
    hidden = os.path.basename(name).startswith(".")  # noqa: PTH119 - as below
    return "other" if hidden or suffix in _UNFINISHED else None


def is_audio_name(path: str) -> bool:
    """Whether a name has an audio suffix. ``._name.wav``, which macOS writes on foreign disks, is no sound."""
    return _suffix(path) in SUFFIXES


def suffix_of(path: str) -> str:
    """The suffix of a name in lower case, without the dot; empty if there is none."""
    return _suffix(path)


def _suffix(path: str) -> str:
    """In lower case, without the dot; empty for ``._`` files of macOS."""
    name = os.path.basename(path)  # noqa: PTH119 - pathlib costs ten times as much, once per file of a scan
    return "" if name.startswith("._") else os.path.splitext(name)[1][1:].lower()  # noqa: PTH122 - as above
