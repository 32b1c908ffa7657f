"""Which files a scan looks into, by their names: 100,000 pictures and texts are passed over without opening one.

What such a file holds, its content says (`search.audio.signatures`), as does that of a file whose name says nothing (no
suffix, or one that other things bear as well). Decoding goes by content alone.
"""

from __future__ import annotations

import os
from functools import lru_cache
from mimetypes import MimeTypes
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["sound", "notes", "other"]
"""What a file holds: sound, notes (MIDI), or something else."""

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
"""Lower-case suffixes of sound, without their dot."""

_AMBIGUOUS = """
ts mat iff dat raw bin bak tmp old orig afc gsm aa acm adp ads ast al art bit c2 dav dif dtk fsb fwse mac mca msf
mtaf musx mods moflex mvi nsp psp rsd rso sln son ss2 str sdx sdr2 sub svs sw sb tco ty ty+ ub ul usm uw v vag vb
viv vpk vql vqe wa way wve yop rco g722 722 g723_1 g728 g729 aptx aptxhd dfpwm msbc sbc 302 daud ism apc bmv cdata
cgi imx ipu xl cdxl mxg nc pdv sga wc3 roq thp mve cue
"""
AMBIGUOUS = frozenset(_AMBIGUOUS.split())
"""Suffixes that a decoder knows, or that say nothing, and that other things than sound usually bear: TypeScript,
MATLAB, pictures, Minecraft. What they hold decides; sound without any header (of telephones) cannot be told from data.
"""

_OTHER = """
264 265 266 adf ans aqt asc avc avif avs avs2 avs3 apv bitpacked cdg cif diz evc flm gif h261 h264 h265 h266 h26l heic
heif hevc ice idf idx ifv j2k jxl lvf mcc mjpeg mjpg mks mpl2 mpo nfo obu pjs qcif rcv rgb rt sami sbg scc sdns ser
smi srt ass ssa stl sup txt v210 vc1 vt vtt vvc webvtt y4m yuv yuv10 lrc jss als alp asd agr adg adv amxd ncw nki nkm
nkx nkc nks nksn nicnt sfz sf2 sf3 exs flp fst rpp rpp-bak ptx ptf sesx aup aup3 band logicx cpr npr dawproject
reapeaks reapindex pk pkf sfk sfl ovw peak gig m3u m3u8 pls xspf wpl log ini cfg db sqlite url webloc lnk part
crdownload md rst yaml yml toml lock gz xz zst 7z bz2 rar dmg iso img jpg jpeg png webp psd raf cr2 cr3 nef arw dng
orf rw2 rs go java kt swift c h cc cpp hpp cs rb php lua sql ipynb npy npz parquet safetensors onnx pt pth woff woff2
ttf otf blend fbx obj glb gltf
"""
"""Pictures, films without sound, texts, and what lies beside sounds, by the names that Python's own list lacks."""

MIDI_SUFFIXES = frozenset({"mid", "midi", "kar", "rmi"})
"""Notes, not sound: their melodies are indexed, in the melody space."""


def kind(name: str) -> Kind | None:
    """What the name of a file says it is; None when it says nothing, and the file itself must be asked."""
    suffix = _suffix(name)
    if suffix in SUFFIXES:
        return "sound"
    if suffix in MIDI_SUFFIXES:
        return "notes"
    if suffix in AMBIGUOUS or not suffix:
        return "other" if os.path.basename(name).startswith(".") else None  # noqa: PTH119 - as below
    return "other" if suffix in _others() else None


def is_audio_name(path: str) -> bool:
    """Whether a scan picks this file up. ``._name.wav``, which macOS leaves on foreign disks, holds no sound."""
    return _suffix(path) in SUFFIXES


@lru_cache(maxsize=1)
def _others() -> frozenset[str]:
    """Suffixes of what is no sound: those above, and those of Python's own list, which no system's own adds to."""
    types = MimeTypes(()).types_map
    named = {
        s[1:]
        for by_strictness in types
        for s, type_ in by_strictness.items()
        if not type_.startswith(("audio/", "video/"))
    }
    return frozenset(_OTHER.split()) | (named - AMBIGUOUS - SUFFIXES)


def suffix_of(path: str) -> str:
    """The suffix of a name in lower case, without its dot; empty for a name without."""
    return _suffix(path)


def _suffix(path: str) -> str:
    """In lower case, without its dot; none for what macOS leaves."""
    name = os.path.basename(path)  # noqa: PTH119 - pathlib costs ten times as much, once per file of a scan
    return "" if name.startswith("._") else os.path.splitext(name)[1][1:].lower()  # noqa: PTH122 - as above
