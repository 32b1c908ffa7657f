"""Lay out clips in two dimensions by UMAP (McInnes, Healy and Melville 2018), with neighbours by cosine similarity."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from search.errors import UsageError
from search.model import Vectors

MAP_NEIGHBOURS: Final = 15
"""UMAP's default, including the clip itself."""

MIN_DISTANCE: Final = 0.5
"""How close points may be. People listen to the map point by point, so similar clips should be side by side, not on top
of each other. The next point is twice as far as with UMAP's default of 0.1, and nearly as many of the nearest clips by
sound are among the nearest on the map."""
SEED: Final = 1
FEW: Final = 16
"""Below this number of clips there are too few neighbours for UMAP; their principal components are used."""

EXACT: Final = 4096
"""Below this number all clips are compared here, as UMAP would, whose code for it takes 4 s to compile each time."""

_INNER: Final = (0.02, 0.98)
"""The quantiles on each axis that are scaled to the unit square, so that outliers do not shrink the rest."""


def laid_out(vectors: Vectors, progress: Callable[[float], None]) -> NDArray[np.float32]:
    """(n, 2): positions of ``vectors`` (n, dim), mostly within [0, 1].

    The same input gives the same layout. ``progress`` is called with the share that is done (0 while UMAP searches
    neighbours: 50 s for 100,000); if it raises, the layout ends. Raises UsageError if UMAP is not installed.
    """
    start = _principal(vectors)
    if len(vectors) < FEW or not np.ptp(start, axis=0).all():  # UMAP divides by their extent
        return _into_square(start)
    umap = _umap()
    fitted = umap.UMAP(
        precomputed_knn=_neighbours(vectors) if len(vectors) < EXACT else (None, None, None),
        n_neighbors=MAP_NEIGHBOURS,
        min_dist=MIN_DISTANCE,
        init=start * 10.0,
        random_state=SEED,
        n_jobs=1,
        metric="cosine",
        tqdm_kwds=_progress(progress),
    )
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings(
                "ignore", "precomputed_knn", UserWarning
            )  # it says that no more clips can be placed
            return _into_square(np.asarray(fitted.fit_transform(vectors), np.float32))
    except BaseException:
        _unlock_progress()
        raise


def _principal(vectors: Vectors) -> NDArray[np.float32]:
    """(n, 2): the first two principal components, the first scaled to [-1, 1], with fixed signs for reproducibility."""
    centred = vectors - vectors.mean(axis=0)
    _, axes = np.linalg.eigh(np.cov(centred, rowvar=False) if len(vectors) > 1 else np.eye(vectors.shape[1]))
    axes = axes[:, :-3:-1]
    axes = axes * np.sign(axes[np.argmax(np.abs(axes), axis=0), np.arange(2)])
    found = centred @ axes
    scaled: NDArray[np.float32] = (found / max(float(np.abs(found).max(initial=0.0)), 1e-9)).astype(np.float32)
    return scaled


def _neighbours(vectors: Vectors) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """(n, `MAP_NEIGHBOURS`): the nearest rows of each by cosine distance, itself first, and the distances."""
    directions = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    distances = np.maximum(1.0 - directions @ directions.T, 0.0)
    np.fill_diagonal(distances, -1.0)
    rows = np.argpartition(distances, MAP_NEIGHBOURS - 1)[:, :MAP_NEIGHBOURS]
    near = np.take_along_axis(distances, rows, 1)
    order = np.argsort(near, axis=1, kind="stable")
    sorted_near: NDArray[np.float32] = np.maximum(np.take_along_axis(near, order, 1), 0.0).astype(np.float32)
    return np.take_along_axis(rows, order, 1), sorted_near


def _into_square(places: NDArray[np.float32]) -> NDArray[np.float32]:
    low, high = np.quantile(places, _INNER, axis=0)
    middle, span = (low + high) / 2, max(float((high - low).max()), 1e-9)
    inside: NDArray[np.float32] = ((places - middle) / (1.1 * span) + 0.5).astype(np.float32)
    return inside


@dataclass(frozen=True)
class _Ear:
    """A file for tqdm, to which UMAP prints "epoch/epochs"; reports the share as progress."""

    progress: Callable[[float], None]

    def write(self, text: str) -> None:
        """Implements the file."""
        done, slash, total = text.strip().partition("/")
        if slash:
            self.progress(int(done) / int(total))

    def flush(self) -> None:
        """Implements the file."""


def _progress(progress: Callable[[float], None]) -> dict[str, object]:
    """Settings of tqdm for ten updates a second; without ``miniters``, a thread of tqdm would write too."""
    return {"file": _Ear(progress), "disable": False, "bar_format": "{n}/{total}", "mininterval": 0.1, "miniters": 1}


def _unlock_progress() -> None:
    """Release tqdm's process lock, which it keeps if its file raises; the next use would wait forever."""
    from tqdm.auto import tqdm

    with suppress(RuntimeError, AssertionError):  # not held by this thread
        tqdm.get_lock().release()


def _umap() -> Any:  # noqa: ANN401 - it ships no types
    try:
        import umap
    except ImportError as error:
        raise UsageError(
            "the map needs UMAP, which is not installed; install it with: pip install 'soundalike[map]'"
        ) from error
    return umap
