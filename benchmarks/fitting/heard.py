"""What a tagger hears in clips of learning material: a second opinion beside the words of their file names.

Names miss most of what sounds alike (of the clips nearest to a clip, one in four shares a word with it). Two clips
*sound of a kind* when the likeliest class of either is among the three likeliest of the other: AudioSet's classes come
with their parents (bark, dog, animal), and to look further would join all that have one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.encoding import Told
from search import audio
from search.errors import UsageError
from search.ports import Encoder

LIKELY = 3
WINDOWS_AT_ONCE = 16
TELL_EVERY = 500


def classes(paths: Sequence[Path], tagger: Encoder, keep: Path, tell: Told) -> NDArray[np.int64]:
    """(clips, 3): the likeliest classes of each file, likeliest first; kept in the file ``keep`` for the next time.

    Raises AudioError for a file that cannot be decoded, UsageError for an encoder that gives no tags.
    """
    names = np.array([str(path) for path in paths])
    if keep.is_file():
        with np.load(keep) as kept:
            if kept["names"].tolist() == names.tolist() and str(kept["tagger"]) == tagger.spec.fingerprint:
                found: NDArray[np.int64] = kept["classes"][:, :LIKELY]
                return found
    rows = []
    for number, path in enumerate(paths, start=1):
        rows.append(np.argsort(-_probabilities(path, tagger), kind="stable")[:LIKELY])
        if number % TELL_EVERY == 0:
            tell(f"  {number} of {len(paths)} files heard")
    heard = np.stack(rows).astype(np.int64)
    keep.parent.mkdir(parents=True, exist_ok=True)
    np.savez(keep, names=names, tagger=np.array(tagger.spec.fingerprint), classes=heard)
    return heard


def of_a_kind(heard: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(clips, 3) classes -> (clips, clips): which sound of a kind."""
    count = int(heard.max()) + 1
    likely = np.zeros((len(heard), count), np.float32)
    np.put_along_axis(likely, heard, 1, axis=1)
    likeliest = np.zeros_like(likely)
    np.put_along_axis(likeliest, heard[:, :1], 1, axis=1)
    one_way = likeliest @ likely.T > 0
    return np.asarray(one_way | one_way.T)


def _probabilities(path: Path, tagger: Encoder) -> NDArray[np.float32]:
    """(classes,): the mean over a file's windows."""
    windows = audio.windows(os.fspath(path), tagger.spec)
    rows = []
    while batch := [window.samples for window in islice(windows, WINDOWS_AT_ONCE)]:
        tags = tagger.encode_audio(np.stack(batch)).tags
        if tags is None:
            raise UsageError(f"{tagger.spec.name} gives no tags; name an encoder with a vocabulary")
        rows.append(tags)
    mean: NDArray[np.float32] = np.concatenate(rows).mean(axis=0)
    return mean
