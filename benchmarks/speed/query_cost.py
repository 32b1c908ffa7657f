"""``python -m benchmarks.speed.query_cost``: the cost of one query for each encoder, in ms of CPU time on one core."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.common.report import markdown_table
from search import wiring
from search.ground import process
from search.ground.ending import with_status
from search.ports import Encoder
from search.settings import Settings

TEXTS = ("rain", "puppy barking", "a police car far away", "heavy rain on a tin roof", "somebody sawing wood by hand")
WARM_UP = 5
BATCH = 8
"""Windows in a batch: as many as the network takes at once."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of CPU time in one thread, median and least of the rounds, for the input ``what``."""

    encoder: str
    what: str
    median_ms: float
    least_ms: float


def measure(encoders: Sequence[Encoder], rounds: int) -> list[Cost]:
    """Measure one window of sound, a batch of windows, and one text if the encoder reads words.

    Encoders take turns within a round, because the machine's speed changes from one minute to the next. The least time
    is about what an idle machine would take.
    """
    asks = [(encoder.spec.name, what, ask) for encoder in encoders for what, ask in _asks(encoder)]
    times_ms: list[list[float]] = [[] for _ in asks]
    for i in range(WARM_UP + rounds):
        for (_, _, ask), kept in zip(asks, times_ms, strict=True):
            started = time.process_time()
            ask(i)
            kept.append(1e3 * (time.process_time() - started))
    return [
        Cost(name, what, float(np.median(kept[WARM_UP:])), min(kept[WARM_UP:]))
        for (name, what, _), kept in zip(asks, times_ms, strict=True)
    ]


def _asks(encoder: Encoder) -> list[tuple[str, Callable[[int], object]]]:
    spec = encoder.spec
    windows = np.random.default_rng(1).uniform(-0.3, 0.3, (BATCH, spec.window_samples)).astype(np.float32)
    asks: list[tuple[str, Callable[[int], object]]] = [
        (f"{spec.window_s:g} s of sound", lambda _: encoder.encode_audio(windows[:1])),
        (f"{BATCH * spec.window_s:g} s in a batch", lambda _: encoder.encode_audio(windows)),
    ]
    if spec.can_text:
        asks.append(("a text", lambda i: encoder.encode_text([TEXTS[i % len(TEXTS)]])))
    return asks


@with_status
def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    process.own()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.query_cost", description=__doc__)
    parser.add_argument("--encoder", nargs="+", metavar="NAME", help="default: $SOUNDALIKE_ENCODER")
    parser.add_argument("--rounds", type=int, default=50)
    args = parser.parse_args(arguments)
    settings = Settings.from_env(os.environ)
    encoders = [wiring.encoder(name, settings) for name in args.encoder or [settings.encoder]]
    costs = measure(encoders, args.rounds)
    rows = [[f"{c.encoder}, {c.what}", f"{c.median_ms:.2f}", f"{c.least_ms:.2f}"] for c in costs]
    print(markdown_table(["query", "median ms", "minimum ms"], rows))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
