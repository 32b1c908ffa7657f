"""The development split: every choice is made on it, so that the evaluation sets are used only at the end.

Whole repositories of ../shared/data/natural are held out. Two tasks rank their clips as the benchmark ranks its sets,
with labels from file names. *Siblings*: the query ``metal_hit_2`` should find the other metal hits among the held-out
clips. *Kinds*: a held-out rain should find the rains of all other repositories. Both are noisier than a set that people
labelled.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from search.encoders.mn import MnNetwork
from search.evaluation import judge, order_by_cosine, relevance, score
from training.corpus import FRAMES_PER_S, Corpus, CorpusClip, to_input

REPOSITORIES = frozenset(
    {
        "Fris0uman/CDDA-Soundpacks",
        "OpenTTD/OpenSFX",
        "ElCeejo/animalia",
        "adewale/keyboardia",
        "akx/Notifications",
        "freedoom/freedoom",
        "kitzeslab/opensoundscape",
        "luanti-org/minetest_game",
        "rafaelmardojai/blanket",
        "rse/soundfx",
        "shfujiwara1002/v0-poseidon",
    }
)
"""Held out: effects, nature, animals, instruments, alarms; 56 minutes."""

NEAR_EVALUATION = frozenset(
    {
        "audio/luanti-org__minetest_game/mods_default_sounds_default_ice_footstep.3.opus",
        "audio/luanti-org__minetest_game/mods_default_sounds_default_ice_dig.2.opus",
        "audio/luanti-org__minetest_game/mods_default_sounds_default_snow_footstep.3.opus",
        "audio/adewale__keyboardia/acoustic-ride_source-0002.opus",
        "audio/adewale__keyboardia/acoustic-ride_source-0003.opus",
        "audio/adewale__keyboardia/acoustic-ride_source-0004.opus",
    }
)
"""Clips of these repositories that `training.overlap` finds too close to a clip of an evaluation set. No choice is made
on them."""

KINDS = {
    "rain": "rain rainy",
    "thunder": "thunder lightning",
    "wind": "wind",
    "water": "water waves ocean sea stream river waterfall splash",
    "fire": "fire furnace fireplace ignite",
    "birds": "bird birds chirp",
    "crow or owl": "crow raven owl hawk eagle",
    "chicken": "chicken rooster hen",
    "dog": "dog bark wolf",
    "cat": "cat",
    "cow": "cow",
    "sheep": "sheep",
    "pig": "pig",
    "horse": "horse",
    "frog": "frog",
    "insects": "bee cricket crickets insect insects",
    "footsteps": "walk footstep footsteps step foot",
    "door": "door doors gate",
    "glass": "glass glassbreak glasshit smash bottle",
    "metal": "metal iron steel anvil clang",
    "wood": "wood wooden",
    "explosion": "explosion explode blast tnt",
    "gun": "gun gunfire shot shoot cannon",
    "bell": "bell bells",
    "alarm": "alarm siren",
    "horn": "horn",
    "train": "train",
    "car": "car engine motor vehicle",
    "keyboard": "keyboard keys typing keypress",
    "laughter": "laugh laughter laughing",
    "scream": "scream screaming",
    "baby": "baby",
    "crowd": "crowd coffee",
    "piano": "piano",
    "guitar": "guitar",
    "bass": "bass",
    "flute": "flute",
    "saxophone": "sax saxophone alto",
    "brass": "trumpet brass fanfare trombone",
    "drum": "drum drums kick snare tom",
    "cymbal": "cymbal hihat crash",
    "clap": "clap clapping",
    "whistle": "whistle",
    "gong": "gong",
}
"""The words in file names that mean each kind of sound. Queries in words use the kind's name."""


@dataclass(frozen=True, slots=True)
class Clips:
    """The clips of natural with their labels. ``held_out`` (clips,) marks the clips that are used as queries."""

    clips: tuple[CorpusClip, ...]
    siblings: tuple[frozenset[str], ...]
    kinds: tuple[frozenset[str], ...]
    held_out: NDArray[np.bool_]

    @classmethod
    def of(cls, corpus: Corpus) -> Clips:
        """Label a corpus of ../shared/data/natural by its paths. Clips of `NEAR_EVALUATION` get no label."""
        usable = [clip.path not in NEAR_EVALUATION for clip in corpus.clips]
        labelled = list(zip(corpus.clips, usable, strict=True))
        return cls(
            corpus.clips,
            tuple(frozenset({sibling_name(clip.path) if named else clip.path}) for clip, named in labelled),
            tuple(kinds_of(clip.path) if named else frozenset() for clip, named in labelled),
            np.array([clip.group in REPOSITORIES and named for clip, named in labelled]),
        )


def words_of(path: str) -> list[str]:
    """The words of a file's name in lower case, without numbers, hashes and the suffix of a cut (``__x0``)."""
    stem = path.rsplit("/", 1)[-1].rsplit(".", 1)[0].partition("__x")[0]
    return re.findall(r"[a-z]{3,}", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", stem).lower())


def sibling_name(path: str) -> str:
    """The label that the takes of one sound share: folder, and words without numbers."""
    folder = path.rpartition("/")[0]
    return folder + "/" + " ".join(words_of(path))


def kinds_of(path: str) -> frozenset[str]:
    """The kinds that a file's name mentions in its last four words (folders come first in these names)."""
    words = set(words_of(path)[-4:])
    return frozenset(kind for kind, names in KINDS.items() if words & set(names.split()))


def embed(
    network: MnNetwork, corpus: Corpus, window_s: float = 5.0, hop_s: float = 2.5
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean embedding (clips, dim) and mean log probability (clips, classes) over each clip's windows."""
    owners, rows, logs = embed_windows(network, corpus, window_s, hop_s)
    return mean_by(owners, rows), mean_by(owners, logs)


def embed_windows(
    network: MnNetwork, corpus: Corpus, window_s: float, hop_s: float
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
    """Each window's clip (windows,), ascending; its embedding (windows, dim); its log probabilities (windows, classes).

    A clip shorter than the window is repeated to fill it, as the encoder does.
    """
    frames, hop = round(window_s * FRAMES_PER_S), round(hop_s * FRAMES_PER_S)
    windows: list[tuple[int, NDArray[np.int64]]] = []
    for number, clip in enumerate(corpus.clips):
        if clip.frames <= frames:
            windows.append((number, clip.start + np.arange(frames) % clip.frames))
            continue
        starts = [*range(0, clip.frames - frames, hop), clip.frames - frames]
        windows.extend((number, clip.start + start + np.arange(frames)) for start in starts)
    network.eval()
    owners = np.array([number for number, _ in windows])
    rows, logs = [], []
    with torch.inference_mode():
        for first in range(0, len(windows), 16):
            mel = np.stack([corpus.mel[where] for _, where in windows[first : first + 16]]).astype(np.float32)
            inputs = torch.from_numpy(to_input(mel).transpose(0, 2, 1)[:, None].copy())
            embedding, logits = network(inputs)
            rows.append(embedding.numpy())
            logs.append(torch.nn.functional.logsigmoid(logits).numpy())
    return owners, np.concatenate(rows), np.concatenate(logs)


def mean_by(owners: NDArray[np.int64], rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean of each clip's rows (clips, dim)."""
    sums = np.zeros((int(owners.max()) + 1, rows.shape[1]), np.float64)
    np.add.at(sums, owners, rows)
    return (sums / np.bincount(owners)[:, None]).astype(np.float32)


def by_example(clips: Clips, vectors: NDArray[np.float32]) -> dict[str, float]:
    """Mean average precision of both tasks over unit rows (clips, dim).

    The figure of *kinds* is a macro average, because kinds differ much in size.
    """
    held = np.flatnonzero(clips.held_out)
    labels = [clips.siblings[i] for i in held]
    relevant, candidates = relevance(labels, [clips.clips[i].path for i in held])
    siblings = score(judge(order_by_cosine(vectors[held], vectors[held]), relevant, candidates)).values[:, 0].mean()
    named = np.array([i for i, kinds in enumerate(clips.kinds) if kinds])
    queries = np.flatnonzero(clips.held_out[named])
    relevant, candidates = relevance([clips.kinds[i] for i in named], [clips.clips[i].group for i in named])
    order = order_by_cosine(vectors[named[queries]], vectors[named])
    scored = score(judge(order, relevant[queries], candidates[queries]))
    kinds = _macro(scored.values[:, 0], [clips.kinds[named[queries[i]]] for i in scored.answered])
    return {"siblings": float(siblings), "kinds": kinds}


def by_kind_text(clips: Clips, scores: NDArray[np.float32], kinds: Sequence[str]) -> float:
    """Mean average precision of queries in words, by ``scores`` (kinds, clips), over the held-out clips with a kind."""
    held = np.flatnonzero([bool(k) and bool(h) for k, h in zip(clips.kinds, clips.held_out, strict=True)])
    relevant = np.array([[kind in clips.kinds[i] for i in held] for kind in kinds])
    order = np.argsort(-scores[:, held], axis=1, kind="stable").astype(np.int64)
    return float(score(judge(order, relevant)).values[:, 0].mean())


def _macro(values: NDArray[np.float64], kinds: Sequence[frozenset[str]]) -> float:
    sums: defaultdict[str, float] = defaultdict(float)
    counts: Counter[str] = Counter()
    for value, own in zip(values, kinds, strict=True):
        for kind in own:
            sums[kind] += float(value)
            counts[kind] += 1
    return float(np.mean([sums[kind] / counts[kind] for kind in counts]))
