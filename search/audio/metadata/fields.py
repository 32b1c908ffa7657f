"""What fields of tags are called, which of them say nothing about a sound, and how much is kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from search.ground.codepages import code_page, mended, text_of, whole_letters

Field = tuple[str, str | bytes]
"""A name, and a text; bytes where the format does not say, or wrongly, how the text is encoded."""

LONGEST = 4000
"""Characters kept of one field; lyrics and coding histories go on for pages."""

MOST_READ = 2_000
"""Fields of one kind of tags that are looked at; no person has written more."""

MOST_FIELDS = 100
MOST_CHARACTERS = 20_000
"""Kept of all fields of a file, which is as much as the search by words looks at."""

_ABOUT_THE_FILE = re.compile(
    r"""
    encod | software | tool | writing\ | source\ encoder | creat(?:or|ion)\ ?(?:tool|time|date) | coding\ history
    | metadata ?creator | vendor | handler | device ?manufacturer | tagging\ time | wmfsdk | isvbr
    | metadata\ block\ picture | cover ?\ ?art | major\ brand | minor\ version | compatible\ brands | umid | time ?code
    | time\ reference | (?:approximate\ )?duration | total(?:duration|datarate) | bps$ | number\ of\ (?:frames|bytes)
    | can ?seek | has(?:metadata|video|audio|cuepoints|keyframes) | (?:video|audio)(?:codec|data|sample) | stereo$
    | (?:data|file)size | framerate | last(?:timestamp|keyframe)
    | statistics | replaygain | r128\  | musicbrainz | acoustid | itun | mp3gain | discid | cddb
    """,
    re.VERBOSE,
)
"""Beginnings of names of fields that say how the file was made, what was measured in it or where a database has it, or
that hold a picture as text; as words to search for they are noise."""

_VERSION = (
    r"[\s/v._-]*\d[\w.+-]*(?:\ version\ [\d.]+)?"
    r"(?:\s*\(.*\)|,?\ (?:beta|build|x64|x86|64-?bit|mac|win|quicktime)\b.*|\ lib\w+|\ \d{8})?"
)
_SOFTWARE = re.compile(
    rf"""
    (?: (?:created|encoded|made|produced|recorded|exported|converted|rendered|processed)\ (?:with|by|in|using)\  )?
    (?:
        (?: LAME | x26[45] | SoX | HandBrake | iTunes | Nero | EAC | Winamp | Audacity | REAPER | Audition | Cubase
          | Nuendo | WaveLab | GarageBand | Sound\ Forge | Reason | Renoise | Bitwig | Studio\ One | Ardour )
        {_VERSION}
      | (?: Lav[fc] | FFmpeg | (?:reference\ |Xiph\.?Org\ )?lib(?:Vorbis|Opus|FLAC|sndfile)(?:\ I)? | oggenc | opusenc
          | qaac | fre:ac | dBpoweramp | foobar2000 | Exact\ ?Audio\ ?Copy | FL\ Studio | Fruity\ ?Loops | Logic\ Pro
          | Pro\ Tools | Ableton\ Live | Bitwig\ Studio | Adobe\ (?:Audition|Premiere|Soundbooth|Media\ Encoder)
          | Sony\ Sound\ Forge | Steinberg\ (?:Cubase|Nuendo|WaveLab) | com\.apple\.\w+ | libsndfile\ by\ .+ )
        (?: \ (?:X|LE|HD|CC|CS|Pro) )? (?:{_VERSION})?
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""The whole of a text in which a program names itself. Programs write it into comments, titles and artists too.

Names that are words of their own count only with a version behind them: a piece may be called Reaper.
"""


def is_wanted(name: str) -> bool:
    """Whether a field of this name can say anything about a sound."""
    return bool(name) and not _ABOUT_THE_FILE.match(name)


def plain_name(name: str) -> str:
    """Lower case, words apart by spaces: ``WM/AlbumTitle`` is ``albumtitle``, ``ALBUM_ARTIST`` ``album artist``."""
    return one_line(name[: 2 * LONGEST].removeprefix("WM/").replace("_", " ")).lower()


def as_text(fields: Iterable[Field]) -> Iterator[tuple[str, str]]:
    """(plain name, text on one line) of the fields that are wanted; those in bytes as of one code page."""
    wanted = [(plain, shortened(value)) for name, value in fields if is_wanted(plain := plain_name(name))]
    page = code_page(value for _, value in wanted if isinstance(value, bytes))
    for name, value in wanted:
        text = one_line(mended(value) if isinstance(value, str) else text_of(value, page))
        if text and not _SOFTWARE.fullmatch(text):
            yield name, text


def joined(values: Iterable[str]) -> str:
    """Several values of a field as one, each once."""
    return "; ".join(dict.fromkeys(text for value in values if (text := value.strip())))


def one_line(text: str) -> str:
    """``text`` as any store and terminal takes it: no control characters, no half characters, not without end."""
    text = text[: 2 * LONGEST].encode("utf-8", "replace").decode("utf-8")
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:LONGEST]


def shortened(value: str | bytes) -> str | bytes:
    """More of a value than is ever kept, so that ten megabytes of comment are not decoded."""
    most = 4 * LONGEST
    if len(value) <= most:
        return value
    return value[:most] if isinstance(value, str) else whole_letters(value[:most])
