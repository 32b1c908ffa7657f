"""Defects reported on unmodified clips of natural, with the evidence for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from benchmarks.quality import flaws
from search.analysis.facts.measuring import measure

LEAST_S: Final = 1.0
_HUM_FROM_S: Final = 2.9
"""In shorter clips hum is not looked for."""
_LINES: Final = 8
_OFF: Final = 0.0012
_AROUND_HZ: Final = 9.0
_FINER: Final = 4
_CLEAR_DB: Final = 6.0


def false_alarms(what: str, waves: Sequence[tuple[Path, NDArray[np.float32]]], folder: Path) -> Iterator[str]:
    """Yield how many of ``waves`` get a defect as they are, by least length; then each such clip with its defects."""
    file, alarms = folder / "untouched.wav", []
    for _, wave in waves:
        soundfile.write(file, wave, flaws.RATE_HZ)
        named = measure(str(file))["defects"]
        alarms.append(", ".join(named) if isinstance(named, tuple) else "")
    for least_s in (0.0, _HUM_FROM_S, flaws.SHORTEST_S):
        of = [
            bool(alarm) for alarm, (_, wave) in zip(alarms, waves, strict=True) if len(wave) >= least_s * flaws.RATE_HZ
        ]
        share = sum(of) / max(len(of), 1)
        length = f"{least_s:g} s and more" if least_s else "all"
        yield f"untouched, {what}, {length}: {sum(of)} of {len(of)} with an alarm ({share:.4f})"
    for (path, wave), alarm in zip(waves, alarms, strict=True):
        if alarm:
            evidence = f"mean {wave.mean():.4f}" if "dc offset" in alarm else ""
            lines = mains_lines(wave) if "hum" in alarm else ""
            found = "; ".join(filter(None, (evidence, lines)))
            yield f"* {path.parent.name}/{path.name}, {len(wave) / flaws.RATE_HZ:.1f} s: {alarm} ({found})"


def mains_lines(wave: NDArray[np.float32]) -> str:
    """Return the lines at multiples of 50 or 60 Hz that stand out from their surroundings: Hz, level, and by how much.

    Levels are those of sines, in dB of full scale. The surroundings are the median level within 9 Hz of the line.
    """
    size = _FINER << (len(wave) - 1).bit_length()
    window = np.hanning(len(wave))
    levels = 20 * np.log10(np.abs(np.fft.rfft(wave * window, size)) / window.sum() * 2 + 1e-12)
    bin_hz = flaws.RATE_HZ / size
    found: dict[float, list[tuple[float, float, float]]] = {}
    for mains in (50.0, 60.0):
        for hz in mains * np.arange(1, _LINES + 1):
            reach, near = max(1, int(_OFF * hz / bin_hz)), int(_AROUND_HZ / bin_hz)
            middle = round(hz / bin_hz)
            best = middle - reach + int(np.argmax(levels[middle - reach : middle + reach + 1]))
            above = float(levels[best] - np.median(levels[middle - near : middle + near + 1]))
            if above >= _CLEAR_DB:
                found.setdefault(mains, []).append((best * bin_hz, float(levels[best]), above))
    lines = max(found.values(), key=lambda these: sum(above for *_, above in these), default=[])
    return ", ".join(f"{hz:.2f} Hz at {level:.0f} dB, {above:.0f} above" for hz, level, above in lines)
