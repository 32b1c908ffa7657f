"""The kinds of sound of the clips in ../shared/data/natural, according to their names: learning material with labels.

Names say less than listeners would, and in many different words. So the words for one kind are grouped. A few
collections hold one kind throughout without naming it. A clip may be of several kinds, or of none that is known here.
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
"""Kind -> the words in names that state it."""

OF_COLLECTIONS: Final[Mapping[str, str]] = {
    "JBFH-Dev/Keystroke-Datasets": "typing",
    "MycroftAI/Precise-Community-Data": "speech",
    "Picovoice/wake-word-benchmark": "speech",
    "gveres/donateacry-corpus": "baby",
    "sfzinstruments/karoryfer.weresax": "saxophone",
}
"""Collections of a single kind, which their file names do not state."""

LEAST_KINDS: Final = 6
MOST_OF_A_KIND: Final = (15, 120)
"""The least number of kinds in a drawn library; and the range of the limit on clips of one kind."""

_KIND_OF: Final = {word: kind for kind, words in KINDS.items() for word in words.split()}


@dataclass(frozen=True, slots=True, eq=False)
class NamedKinds:
    """Clips whose kinds are known: their ``rows`` (n,) in the manifest; the ``kinds`` (n, kinds) of each; and which
    pairs are ``alike`` (same kind, other take) and ``elsewhere`` (other take), both (n, n).
    """

    rows: NDArray[np.int64]
    kinds: NDArray[np.bool_]
    alike: NDArray[np.bool_]
    elsewhere: NDArray[np.bool_]

    @property
    def weights(self) -> NDArray[np.float64]:
        """(n,): sampling weights that make every kind equally likely, however many clips it has."""
        return np.asarray((self.kinds / np.maximum(self.kinds.sum(axis=0), 1)).max(axis=1), np.float64)

    def at(self, places: NDArray[np.int64]) -> NamedKinds:
        """Return the part with the clips at these places (m,)."""
        pairs = np.ix_(places, places)
        return NamedKinds(self.rows[places], self.kinds[places], self.alike[pairs], self.elsewhere[pairs])

    def library(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """Return the places (m,) of clips for a random library: some clips of some kinds, limited for each kind."""
        count = int(rng.integers(LEAST_KINDS, self.kinds.shape[1] + 1))
        of_some = self.kinds[:, rng.permutation(self.kinds.shape[1])[:count]].any(axis=1)
        kept = np.flatnonzero(of_some & (rng.random(len(self.rows)) < rng.uniform(0.4, 1.0)))
        return self.most(int(rng.integers(*MOST_OF_A_KIND)), rng.permutation(kept))

    def most(self, count: int, places: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """Return the first of ``places`` (n,), by default all, with at most ``count`` of each kind; ascending."""
        taken, chosen = np.zeros(self.kinds.shape[1], np.int64), []
        for place in (np.arange(len(self.rows)) if places is None else places).tolist():
            own = self.kinds[place]
            if (taken[own] < count).any():
                taken[own] += 1
                chosen.append(place)
        return np.sort(np.array(chosen, np.int64))


def kinds_of(repository: str, path: str) -> frozenset[str]:
    """Return the kinds that a collection, or the last two parts of a path in it, states."""
    known = OF_COLLECTIONS.get(repository)
    words = _words(" ".join(path.rpartition(".")[0].split("/")[-2:]))
    found = {_KIND_OF[word] for each in words for word in (each, each.removesuffix("s")) if word in _KIND_OF}
    return frozenset(found | {known} if known else found)


def take_of(repository: str, path: str) -> str:
    """Return what the takes of one sound share: their folder and the words of their names, without numbers."""
    folder, _, name = path.rpartition("/")
    return f"{repository}/{folder}/{' '.join(_words(name.rpartition('.')[0]))}"


def named_kinds(manifest: Sequence[Mapping[str, str]]) -> NamedKinds:
    """Return the clips of known kinds, from rows with ``repo`` and ``original_path``.

    A clip is elsewhere if it is not another take of the same sound.
    """
    kinds = [kinds_of(row["repo"], row["original_path"]) for row in manifest]
    rows = np.array([place for place, own in enumerate(kinds) if own], np.int64)
    names = sorted({kind for own in kinds for kind in own})
    has = np.array([[name in kinds[row] for name in names] for row in rows], np.bool_)
    takes = np.array([take_of(manifest[row]["repo"], manifest[row]["original_path"]) for row in rows])
    elsewhere = np.asarray(takes[:, np.newaxis] != takes[np.newaxis, :])
    of_one_kind = has.astype(np.float32) @ has.T.astype(np.float32) > 0
    return NamedKinds(rows, has, of_one_kind & elsewhere, elsewhere)


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z]{2,}", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).lower())
