"""Batches for the distillation: augmented crops of the corpora. Each batch is a pure function of seed and step.

So an interrupted run continues with exactly the batches that it would have had.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator as Stream
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training import augment
from training.augment import Augmentation, Mel
from training.corpus import FRAMES_PER_S, Corpus, to_input


@dataclass(frozen=True, slots=True)
class BatchShape:
    """``crops`` crops of ``frames`` frames. Recordings longer than ``cap_s`` are drawn as if they were that long."""

    crops: int = 32
    frames: int = 300
    cap_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Source:
    """A corpus, its share of all crops, and its groups that are left out (``without``)."""

    corpus: Corpus
    share: float
    without: frozenset[str] = frozenset()


@dataclass
class Batches:
    """Batches (crops, 1, bands, frames) float32 as the networks take them."""

    sources: Sequence[Source]
    shape: BatchShape
    seed: int
    how: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        self._picks = [_Pick(source, self.shape.cap_s) for source in self.sources]
        shares = np.array([source.share for source in self.sources])
        self._shares = shares / shares.sum()

    def batch(self, step: int) -> NDArray[np.float32]:
        """The batch of this step."""
        rng = np.random.default_rng((self.seed, step))
        crops = [self._crop(rng) for _ in range(self.shape.crops)]
        return to_input(np.stack(crops).transpose(0, 2, 1)[:, None])

    def from_step(self, step: int, ahead: int = 4) -> Stream[NDArray[np.float32]]:
        """The batches of ``step`` and all later steps. A thread prepares ``ahead`` of them while the network runs."""
        with ThreadPoolExecutor(1, "batches") as worker:
            waiting = deque(worker.submit(self.batch, at) for at in range(step, step + ahead))
            try:
                while True:
                    waiting.append(worker.submit(self.batch, step + ahead))
                    step += 1
                    yield waiting.popleft().result()
            finally:
                for batch in waiting:
                    batch.cancel()

    def _crop(self, rng: Generator) -> Mel:
        how = self.how
        level_db = rng.uniform(how.quietest_db, how.loudest_db)
        mel = self._at_level(level_db, rng)
        if rng.random() < how.mixed:
            others = 2 if rng.random() < how.mixed_again else 1
            for _ in range(others):
                relative_db = rng.uniform(how.mixed_from_db, how.mixed_to_db)
                mel = augment.mix(mel, self._at_level(level_db + relative_db, rng))
        return mel

    def _at_level(self, level_db: float, rng: Generator) -> Mel:
        pick = self._picks[int(rng.choice(len(self._picks), p=self._shares))]
        crop, found_db = augment.fit(*pick.draw(rng), self.shape.frames, self.how, rng)
        if rng.random() < self.how.equalised:
            crop = augment.equalise(crop, rng)
        if rng.random() < self.how.reverberated:
            crop = augment.reverberate(crop, FRAMES_PER_S, rng)
        return augment.gain(crop, min(level_db - found_db, 60.0))


class _Pick:
    """Draws a clip with probability proportional to the square root of its length."""

    def __init__(self, source: Source, cap_s: float) -> None:
        self._corpus = source.corpus
        self._clips = [clip for clip in source.corpus.clips if clip.group not in source.without]
        if not self._clips:
            raise ValueError(f"no clip of {source.corpus.name} may be learnt from")
        weights = np.sqrt(np.minimum([clip.frames for clip in self._clips], cap_s * FRAMES_PER_S))
        self._cumulative = np.cumsum(weights / weights.sum())

    def draw(self, rng: Generator) -> tuple[NDArray[np.float16], NDArray[np.float16]]:
        clip = self._clips[min(int(np.searchsorted(self._cumulative, rng.random())), len(self._clips) - 1)]
        part = slice(clip.start, clip.start + clip.frames)
        return self._corpus.mel[part], self._corpus.level_db[part]
