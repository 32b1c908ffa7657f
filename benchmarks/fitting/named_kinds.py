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

LEAST_KINDS: Final = 6
MOST_OF_A_KIND: Final = (15, 120)
"""How many kinds a drawn library has, at least, and between how many and how many clips of each at most."""

_KIND_OF: Final = {word: kind for kind, words in KINDS.items() for word in words.split()}


@dataclass(frozen=True, slots=True, eq=False)
class NamedKinds:
    """Clips whose kinds are known: ``rows`` (n,) of the manifest, of which ``kinds`` (n, kinds) each is, and which are
    ``alike`` and ``elsewhere`` (n, n).
    """

    rows: NDArray[np.int64]
    kinds: NDArray[np.bool_]
    alike: NDArray[np.bool_]
    elsewhere: NDArray[np.bool_]

    @property
    def weights(self) -> NDArray[np.float64]:
        """(n,): every kind has the same say, however many clips it has."""
        return np.asarray((self.kinds / np.maximum(self.kinds.sum(axis=0), 1)).max(axis=1), np.float64)

    def at(self, places: NDArray[np.int64]) -> NamedKinds:
        """The part with these clips (m,)."""
        pairs = np.ix_(places, places)
        return NamedKinds(self.rows[places], self.kinds[places], self.alike[pairs], self.elsewhere[pairs])

    def library(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """The places (m,) of clips that could be a library: of some kinds some clips, not too many of each."""
        count = int(rng.integers(LEAST_KINDS, self.kinds.shape[1] + 1))
        of_some = self.kinds[:, rng.permutation(self.kinds.shape[1])[:count]].any(axis=1)
        kept = np.flatnonzero(of_some & (rng.random(len(self.rows)) < rng.uniform(0.4, 1.0)))
        return self.most(int(rng.integers(*MOST_OF_A_KIND)), rng.permutation(kept))

    def most(self, count: int, places: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """Of ``places`` (n,), all by default, the first ones, ``count`` of each kind at most; ascending."""
        taken, chosen = np.zeros(self.kinds.shape[1], np.int64), []
        for place in (np.arange(len(self.rows)) if places is None else places).tolist():
            own = self.kinds[place]
            if (taken[own] < count).any():
                taken[own] += 1
                chosen.append(place)
        return np.sort(np.array(chosen, np.int64))


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
    has = np.array([[name in kinds[row] for name in names] for row in rows], np.bool_)
    takes = np.array([take_of(manifest[row]["repo"], manifest[row]["original_path"]) for row in rows])
    elsewhere = np.asarray(takes[:, np.newaxis] != takes[np.newaxis, :])
    of_one_kind = has.astype(np.float32) @ has.T.astype(np.float32) > 0
    return NamedKinds(rows, has, of_one_kind & elsewhere, elsewhere)


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z]{2,}", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).lower())
