"""Names of tag fields, which of them say nothing about a sound, and how much is kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from search.ground.codepages import code_page, mended, text_of, whole_letters

Field = tuple[str, str | bytes]
"""A name and a text; bytes if the format does not state the text encoding, or states it wrongly."""

LONGEST = 4000
"""Characters kept of one field; lyrics and coding histories can be pages long."""

MOST_READ = 2_000
"""Most fields of one kind of tags that are read; no person writes more."""

MOST_FIELDS = 100
MOST_CHARACTERS = 20_000
"""Characters kept of all fields of a file, as many as the search by words uses."""

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
"""Prefixes of names of fields about how the file was made, measurements or ids in databases, or with a picture as
text. In a search by words they would be noise."""

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
"""Matches a whole text in which a program names itself. Programs also write this into comments, titles and artists.

Names that are ordinary words match only with a version after them: a piece may be called Reaper.
"""


def is_wanted(name: str) -> bool:
    """Whether a field with this name can describe a sound."""
    return bool(name) and not _ABOUT_THE_FILE.match(name)


def plain_name(name: str) -> str:
    """Lower case, with spaces between words: ``WM/AlbumTitle`` is ``albumtitle``, ``ALBUM_ARTIST`` ``album artist``."""
    return one_line(name[: 2 * LONGEST].removeprefix("WM/").replace("_", " ")).lower()


def as_text(fields: Iterable[Field]) -> Iterator[tuple[str, str]]:
    """(plain name, text on one line) of the wanted fields; all fields in bytes are decoded by the same code page."""
    wanted = [(plain, shortened(value)) for name, value in fields if is_wanted(plain := plain_name(name))]
    page = code_page(value for _, value in wanted if isinstance(value, bytes))
    for name, value in wanted:
        text = one_line(mended(value) if isinstance(value, str) else text_of(value, page))
        if text and not _SOFTWARE.fullmatch(text):
            yield name, text


def joined(values: Iterable[str]) -> str:
    """Several values of a field as one text, each value once."""
    return "; ".join(dict.fromkeys(text for value in values if (text := value.strip())))


def one_line(text: str) -> str:
    """``text`` in a form that any store and terminal accepts: no control characters, no surrogates, limited length."""
    text = text[: 2 * LONGEST].encode("utf-8", "replace").decode("utf-8")
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:LONGEST]


def shortened(value: str | bytes) -> str | bytes:
    """The start of a value, more than is ever kept, so that a comment of ten megabytes is not decoded."""
    most = 4 * LONGEST
    if len(value) <= most:
        return value
    return value[:most] if isinstance(value, str) else whole_letters(value[:most])
