"""Laying clips out in two dimensions by UMAP (McInnes, Healy and Melville 2018), from neighbours found by cosine."""

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
"""UMAP's own default, the clip itself among them."""

MIN_DISTANCE: Final = 0.5
"""How close points may lie: on a map that one hears point by point, alike clips should lie side by side, not on top of
each other. The next point is twice as far away as with UMAP's default of .1, and nearly as many of those nearest by
sound are among the nearest on the map."""
SEED: Final = 1
FEW: Final = 16
"""Fewer clips than this have too few neighbours for UMAP; they are laid out by their principal components."""

EXACT: Final = 4096
"""Of fewer clips than this all are compared, as UMAP does, whose program for it takes 4 s to be compiled each time."""

_INNER: Final = (0.02, 0.98)
"""The share of clips on each axis that the unit square is scaled to, so that a few far ones do not shrink the rest."""


def laid_out(vectors: Vectors, progress: Callable[[float], None]) -> NDArray[np.float32]:
    """(n, 2) places of ``vectors`` (n, dim), mostly within [0, 1].

    The same input gives the same layout. ``progress`` is called with the share that is done (0 while UMAP looks for
    neighbours: 50 s of 100,000); what it raises ends it. Raises UsageError where UMAP is not installed.
    """
    start = _principal(vectors)
    if len(vectors) < FEW or not np.ptp(start, axis=0).all():  # UMAP divides by how far they lie apart
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
            warnings.filterwarnings("ignore", "precomputed_knn", UserWarning)  # that no more clips can be placed by it
            return _into_square(np.asarray(fitted.fit_transform(vectors), np.float32))
    except BaseException:
        _unlock_progress()
        raise


def _principal(vectors: Vectors) -> NDArray[np.float32]:
    """(n, 2) the first two principal components, the first scaled to [-1, 1]; signs fixed, so that it is the same."""
    centred = vectors - vectors.mean(axis=0)
    _, axes = np.linalg.eigh(np.cov(centred, rowvar=False) if len(vectors) > 1 else np.eye(vectors.shape[1]))
    axes = axes[:, :-3:-1]
    axes = axes * np.sign(axes[np.argmax(np.abs(axes), axis=0), np.arange(2)])
    found = centred @ axes
    scaled: NDArray[np.float32] = (found / max(float(np.abs(found).max(initial=0.0)), 1e-9)).astype(np.float32)
    return scaled


def _neighbours(vectors: Vectors) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """(n, `MAP_NEIGHBOURS`) the rows that are nearest to each by cosine, itself first, and their distances."""
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
    """A file for tqdm, with which UMAP prints "epoch/epochs": it is read, and the share reported."""

    progress: Callable[[float], None]

    def write(self, text: str) -> None:
        """Implements the file."""
        done, slash, total = text.strip().partition("/")
        if slash:
            self.progress(int(done) / int(total))

    def flush(self) -> None:
        """Implements the file."""


def _progress(progress: Callable[[float], None]) -> dict[str, object]:
    """News ten times a second; without ``miniters`` a thread of tqdm's own would write too."""
    return {"file": _Ear(progress), "disable": False, "bar_format": "{n}/{total}", "mininterval": 0.1, "miniters": 1}


def _unlock_progress() -> None:
    """Free tqdm's lock of the process, which it keeps when what it writes to raises: the next would wait for good."""
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
