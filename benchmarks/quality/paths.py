"""``python -m benchmarks.quality.paths LIBRARY``: how even are paths between two sounds?

The seed draws pairs of clips. A step is measured in degrees, as the angle between the vectors of its two sounds. For
each pair, the largest step of the path is compared with two others. One is the largest step of the greedy way, which
takes at each point of the arc the nearest sound not taken yet. The other is a step of the arc itself, divided into as
many equal steps.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import machine
from search.api import open_library
from search.engine import paths
from search.errors import QueryError
from search.ground.ending import with_status
from search.model import ClipPart

_SEED: Final = 21


def largest_steps(library_path: Path, pairs: int, steps: int, seed: int = _SEED) -> NDArray[np.float64]:
    """Return (pairs, 3): the largest step in degrees on the path, on the greedy way, and on the arc itself."""
    rng = np.random.default_rng(seed)
    rows: list[list[float]] = []
    with open_library(library_path, read_only=True) as library:
        view = library.view().of()[0]
        columns = view.columns
        clip_ids = columns.clip_ids[columns.present & ~columns.silent]
        while len(rows) < pairs:
            start, end = (int(one) for one in rng.choice(clip_ids, 2, replace=False))
            try:
                found = library.path_between(ClipPart(start), ClipPart(end), steps=steps)
            except QueryError:
                continue
            first, last = (library.engine.query_vector((ClipPart(one),)) for one in (start, end))
            every = np.setdiff1d(columns.contents_of(clip_ids), columns.contents_of(np.array([start, end], np.int64)))
            plain = paths.nearest_to_arc(view, paths.Way(first, last, steps), every)
            rows.append([found.least, float(plain.similarities.min()), found.straight])
    return np.asarray(np.degrees(np.arccos(np.clip(np.array(rows), -1, 1))))


@with_status
def main() -> None:
    """Print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", type=Path)
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--seed", type=int, default=_SEED)
    args = parser.parse_args()
    degrees = largest_steps(args.library, args.pairs, args.steps, args.seed)
    print(machine.this_machine().sentence())
    ratio = degrees[:, 0] / degrees[:, 1]
    print(f"{args.pairs} pairs, {args.steps} steps, seed {args.seed}; largest step, median of degrees:")
    for name, column in zip(("path", "nearest to the arc", "straight"), degrees.T, strict=True):
        print(f"  {name:20s} {np.median(column):5.1f}")
    print(f"path beside nearest to the arc: {np.median(ratio):.2f} of it in the median, {ratio.max():.2f} at most")


if __name__ == "__main__":
    raise SystemExit(main())
