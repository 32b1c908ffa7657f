"""``python -m benchmarks.query_cost``: what one query costs an encoder on one core, in milliseconds of CPU time."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.report import markdown_table
from search import wiring
from search.errors import SoundalikeError
from search.ports import Encoder
from search.settings import Settings

TEXTS = ("rain", "puppy barking", "a police car far away", "heavy rain on a tin roof", "somebody sawing wood by hand")
WARM_UP = 5


@dataclass(frozen=True, slots=True)
class QueryCost:
    """Milliseconds of CPU time in one thread: median and least of the rounds. ``what`` was asked."""

    what: str
    median_ms: float
    least_ms: float


def measure(encoder: Encoder, rounds: int) -> list[QueryCost]:
    """One window of sound, and one text where the encoder reads. The least is what an idle machine would take."""
    window = np.random.default_rng(1).uniform(-0.3, 0.3, (1, encoder.spec.window_samples)).astype(np.float32)
    costs = [_cost(f"{encoder.spec.window_s:g} s of sound", lambda _: encoder.encode_audio(window), rounds)]
    if encoder.spec.can_text:
        costs.append(_cost("a text", lambda i: encoder.encode_text([TEXTS[i % len(TEXTS)]]), rounds))
    return costs


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.query_cost", description=__doc__)
    parser.add_argument("--encoder", nargs="+", metavar="NAME", help="default: $SOUNDALIKE_ENCODER")
    parser.add_argument("--rounds", type=int, default=50)
    args = parser.parse_args(arguments)
    import torch

    torch.set_num_threads(1)
    rows = []
    try:
        settings = Settings.from_env(os.environ)
        for name in args.encoder or [settings.encoder]:
            costs = measure(wiring.encoder(name, settings), args.rounds)
            rows += [[f"{name}, {c.what}", f"{c.median_ms:.2f}", f"{c.least_ms:.2f}"] for c in costs]
    except SoundalikeError as error:
        print(error, file=sys.stderr)
        return 3
    print(markdown_table(["query", "median ms", "least ms"], rows))
    return 0


def _cost(what: str, ask: Callable[[int], object], rounds: int) -> QueryCost:
    for i in range(WARM_UP):
        ask(i)
    times_ms = []
    for i in range(rounds):
        started = time.process_time()
        ask(i)
        times_ms.append(1e3 * (time.process_time() - started))
    return QueryCost(what, float(np.median(times_ms)), min(times_ms))


if __name__ == "__main__":
    raise SystemExit(main())
