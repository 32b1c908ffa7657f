"""The cost of each stage of indexing by itself, in milliseconds of one core for each second of sound."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from search import audio
from search.ports import Encoder

if TYPE_CHECKING:
    from torch.nn import Module

WINDOWS_AT_ONCE = 16
ROUNDS = 5
"""The median of these rounds counts, because other programs take part of a core now and then."""


@dataclass(frozen=True, slots=True)
class StageCost:
    """``ms_per_s``: milliseconds of one core for a second of sound."""

    stage: str
    ms_per_s: float


def stage_costs(files: Sequence[Path], encoder: Encoder) -> tuple[StageCost, ...]:
    """Measure decoding, resampling, cutting and the encoder's parts in turn, in one thread; return medians of rounds.

    Overlapping windows encode a second of sound more than once; this is part of the encoder's cost here.
    """
    rounds = [_round(files, encoder) for _ in range(ROUNDS)]
    return tuple(StageCost(stage, float(np.median([costs[stage] for costs in rounds]))) for stage in rounds[0])


def _round(files: Sequence[Path], encoder: Encoder) -> dict[str, float]:
    rate = encoder.spec.sample_rate_hz
    seconds = decode = both = 0.0
    windows = []
    for path in map(str, files):
        native = audio.probe(path).sample_rate_hz
        started = time.process_time()
        seconds += sum(len(block) for block in audio.stream(path, native)) / native
        decode += time.process_time() - started
        started = time.process_time()
        blocks = list(audio.stream(path, rate))
        both += time.process_time() - started
        windows += [window.samples for window in audio.cut(blocks, encoder.spec)]
    costs = {"decode": decode, "resample": max(both - decode, 0.0)}
    costs |= _encoder_parts(np.stack(windows), encoder)
    return {stage: 1e3 * cost / seconds for stage, cost in costs.items()}


def _encoder_parts(waves: np.ndarray, encoder: Encoder) -> dict[str, float]:
    """Seconds in every outermost torch module of an encoder, by class name, and the seconds outside of them."""
    with timed_modules() as modules:
        started = time.process_time()
        for start in range(0, len(waves), WINDOWS_AT_ONCE):
            encoder.encode_audio(waves[start : start + WINDOWS_AT_ONCE])
        total = time.process_time() - started
    return {**modules, "encoder, rest" if modules else "encoder": total - sum(modules.values())}


@contextmanager
def timed_modules() -> Iterator[defaultdict[str, float]]:
    """CPU seconds of every outermost module call inside this context, by class name; torch computes in one thread.

    Works with any encoder made of torch modules. On a GPU the CPU waits for each module to end.
    """
    import torch
    from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

    spent: defaultdict[str, float] = defaultdict(float)
    open_calls: list[float] = []

    def wait() -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()

    def enter(module: Module, inputs: Any) -> None:  # noqa: ANN401 - the signature is torch's
        if not open_calls:
            wait()
        open_calls.append(time.process_time())

    def leave(module: Module, inputs: Any, output: Any) -> None:  # noqa: ANN401 - the signature is torch's
        started = open_calls.pop()
        if not open_calls:
            wait()
            spent[type(module).__name__] += time.process_time() - started

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    hooks = (register_module_forward_pre_hook(enter), register_module_forward_hook(leave))
    try:
        yield spent
    finally:
        for hook in hooks:
            hook.remove()
        torch.set_num_threads(threads)
