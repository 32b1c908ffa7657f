"""The classes that a tagger finds in clips of learning material: a second opinion to their file names.

Names miss most of what sounds alike: of the clips nearest to a clip, one in four shares a word with it. So a clip also
counts as each of its three likeliest classes. More than three would not help: AudioSet's classes come with their
parents (bark, dog, animal), and all clips with a common parent would then match.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.encoding import Progress
from search import audio
from search.errors import UsageError
from search.ports import Encoder

LIKELY = 3
WINDOWS_AT_ONCE = 16
PROGRESS_EVERY = 500


def classes(paths: Sequence[Path], tagger: Encoder, cache: Path, progress: Progress) -> NDArray[np.int64]:
    """Return (clips, 3): the likeliest classes of each file, likeliest first; stored in the file ``cache``.

    Raises AudioError for a file that cannot be decoded, UsageError for an encoder without tags.
    """
    names = np.array([str(path) for path in paths])
    if cache.is_file():
        with np.load(cache) as stored:
            if stored["names"].tolist() == names.tolist() and str(stored["tagger"]) == tagger.spec.fingerprint:
                stored_classes: NDArray[np.int64] = stored["classes"][:, :LIKELY]
                return stored_classes
    rows = []
    for number, path in enumerate(paths, start=1):
        rows.append(np.argsort(-_probabilities(path, tagger), kind="stable")[:LIKELY])
        if number % PROGRESS_EVERY == 0:
            progress(f"  {number} of {len(paths)} files heard")
    likeliest = np.stack(rows).astype(np.int64)
    cache.parent.mkdir(parents=True, exist_ok=True)
    np.savez(cache, names=names, tagger=np.array(tagger.spec.fingerprint), classes=likeliest)
    return likeliest


def _probabilities(path: Path, tagger: Encoder) -> NDArray[np.float32]:
    """(classes,): the mean probabilities over a file's windows."""
    windows = audio.windows(os.fspath(path), tagger.spec)
    rows = []
    while batch := [window.samples for window in islice(windows, WINDOWS_AT_ONCE)]:
        tags = tagger.encode_audio(np.stack(batch)).tags
        if tags is None:
            raise UsageError(f"{tagger.spec.name} gives no tags; name an encoder with a vocabulary")
        rows.append(tags)
    mean: NDArray[np.float32] = np.concatenate(rows).mean(axis=0)
    return mean
