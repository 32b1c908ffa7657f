"""What kinds of sound the clips of ../shared/data/natural are, by their names: learning material with labels.

Names say less than people who listen would, and say it in many words, so words of one kind stand together; a few
collections hold one kind throughout and do not name it. A clip may be of several kinds, or of none that is known here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

KINDS: Final[Mapping[str, str]] = {
    "alarm": "alarm siren",
    "baby": "baby",
    "balloon": "balloon",
    "bear": "bear",
    "beep": "beep",
    "bell": "bell",
    "bird": "bird bluebird cardinal chirp",
    "brass": "trumpet brass fanfare trombone horn",
    "breathing": "breathing exhale inhale",
    "car": "car engine motor vehicle",
    "cat": "cat",
    "chicken": "chicken rooster hen",
    "clap": "clap applause",
    "click": "click",
    "cloth": "cloth",
    "cow": "cow mooq bull",
    "crowd": "crowd coffee",
    "crow": "crow raven",
    "cymbal": "cymbal hihat crash ride",
    "dog": "dog bark",
    "door": "door gate",
    "drill": "drill",
    "drip": "drip drop drippingwater",
    "drum": "drum kick snare tom conga",
    "eagle": "eagle hawk",
    "explosion": "explosion explode blast tnt",
    "fire": "fire fireplace furnace burning",
    "flute": "flute",
    "footstep": "walk run step footstep wander foot barefoot",
    "frog": "frog toad",
    "glass": "glass glassbreak glasshit bottle",
    "gong": "gong",
    "guitar": "guitar",
    "gun": "gun shot rifle pistol shoot",
    "horse": "horse",
    "insect": "bee cricket insect",
    "jingle": "jingle",
    "laughter": "laughter laugh laughing",
    "metal": "metal metalbar metalbox metalpipe iron steel anvil clang",
    "music": "music theme track jukebox",
    "owl": "owl",
    "paper": "paper page pageflip book",
    "piano": "piano",
    "pig": "pig",
    "plastic": "plastic",
    "primate": "primate monkey",
    "rain": "rain rainy",
    "saxophone": "sax saxophone alto",
    "scream": "scream screaming",
    "sheep": "sheep",
    "snake": "snake rattlesnake",
    "speech": "speech voice",
    "splash": "splash",
    "stream": "stream river waterfall water",
    "string bass": "bass",
    "sword": "sword",
    "thunder": "thunder lightning",
    "train": "train",
    "typing": "keyboard key typing keypress",
    "waves": "wave ocean sea",
    "whistle": "whistle",
    "whoosh": "swish swoosh whoosh swing",
    "wind": "wind",
    "wolf": "wolf coyote",
    "wood": "wood wooden woodblock bluntwood squeakywood deckwood",
}
"""Words of names that say the same kind of sound."""

OF_COLLECTIONS: Final[Mapping[str, str]] = {
    "JBFH-Dev/Keystroke-Datasets": "typing",
    "MycroftAI/Precise-Community-Data": "speech",
    "Picovoice/wake-word-benchmark": "speech",
    "gveres/donateacry-corpus": "baby",
    "sfzinstruments/karoryfer.weresax": "saxophone",
}
"""Collections of one kind, which their names do not say."""

_KIND_OF: Final = {word: kind for kind, words in KINDS.items() for word in words.split()}


@dataclass(frozen=True, slots=True, eq=False)
class NamedKinds:
    """Clips whose kinds are known: ``rows`` (n,) of the manifest, and of these ``alike`` and ``elsewhere`` (n, n).

    ``weights`` (n,) give every kind the same say, however many clips it has.
    """

    rows: NDArray[np.int64]
    alike: NDArray[np.bool_]
    elsewhere: NDArray[np.bool_]
    weights: NDArray[np.float64]


def kinds_of(repository: str, path: str) -> frozenset[str]:
    """The kinds that a collection, or the last two parts of a path in it, speaks of."""
    known = OF_COLLECTIONS.get(repository)
    words = _words(" ".join(path.rpartition(".")[0].split("/")[-2:]))
    found = {_KIND_OF[word] for each in words for word in (each, each.removesuffix("s")) if word in _KIND_OF}
    return frozenset(found | {known} if known else found)


def take_of(repository: str, path: str) -> str:
    """What the takes of one sound have in common: their folder and the words of their names, without numbers."""
    folder, _, name = path.rpartition("/")
    return f"{repository}/{folder}/{' '.join(_words(name.rpartition('.')[0]))}"


def named_kinds(manifest: Sequence[Mapping[str, str]]) -> NamedKinds:
    """From rows with ``repo`` and ``original_path``; clips of no known kind are left out.

    Elsewhere is what is no other take of the same sound.
    """
    kinds = [kinds_of(row["repo"], row["original_path"]) for row in manifest]
    rows = np.array([place for place, own in enumerate(kinds) if own], np.int64)
    names = sorted({kind for own in kinds for kind in own})
    has = np.array([[name in kinds[row] for name in names] for row in rows], np.float32)
    takes = np.array([take_of(manifest[row]["repo"], manifest[row]["original_path"]) for row in rows])
    elsewhere = np.asarray(takes[:, np.newaxis] != takes[np.newaxis, :])
    of_one_kind = has @ has.T > 0
    weights = (has / has.sum(axis=0)).max(axis=1)
    return NamedKinds(rows, of_one_kind & elsewhere, elsewhere, weights.astype(np.float64))


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z]{2,}", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).lower())
