"""Sounds with one defect each, at three strengths, and generated one-shots and loops."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

Mono = NDArray[np.float32]
Random = np.random.Generator
Flaw = Callable[[Mono, int, Random, Path], bool]
"""Writes a wave with a defect of strength 0, 1 or 2 to a file, and returns whether this wave can have that defect."""

RATE_HZ: Final = 16_000
SHORTEST_S: Final = 3.5
SOFTEST_LUFS: Final = -60.0


def _write(path: Path, wave: NDArray[np.floating], rate_hz: int = RATE_HZ) -> bool:
    soundfile.write(path, wave, rate_hz)
    return True


def _clipped(wave: Mono, strength: int, _rng: Random, path: Path) -> bool:
    """3, 6 and 12 dB over the largest level that fits."""
    return _write(path, np.clip(2 * wave * 10 ** ((3, 6, 12)[strength] / 20), -0.9, 0.9))


def _offset(wave: Mono, strength: int, rng: Random, path: Path) -> bool:
    """1, 3 and 10 % of full scale, of either sign."""
    return _write(path, wave + (0.01, 0.03, 0.1)[strength] * rng.choice((-1, 1)))


def _hummed(wave: Mono, strength: int, rng: Random, path: Path) -> bool:
    """Mains hum with seven harmonics: 20 and 10 dB below the sound, and at its level."""
    at_s = np.arange(len(wave)) / RATE_HZ
    mains = rng.choice((50.0, 60.0)) * (1 + rng.uniform(-0.001, 0.001))
    parts = [rng.uniform(0.3, 1) / h * np.sin(2 * np.pi * (mains * h * at_s + rng.random())) for h in range(1, 8)]
    hum = np.sum(parts, axis=0)
    level = np.sqrt(np.mean(wave**2) / np.mean(hum**2)) * 10 ** ((-20, -10, 0)[strength] / 20)
    return _write(path, 0.5 * (wave + level * hum))


def _dropped(wave: Mono, strength: int, rng: Random, path: Path) -> bool:
    """One gap of 5 ms, three of 10 ms, ten of 20 ms, at places that are not quiet."""
    count, length_s = ((1, 0.005), (3, 0.01), (10, 0.02))[strength]
    length, beside = int(length_s * RATE_HZ), int(0.02 * RATE_HZ)
    power = np.convolve(wave**2, np.full(2 * beside, 0.5 / beside), mode="same")
    loud = np.flatnonzero(power > 0.02**2)
    loud = loud[(loud > beside) & (loud < len(wave) - length - beside)]
    if not len(loud):
        return False
    holed = wave.copy()
    for place in rng.choice(loud, count):
        holed[place : place + length] = 0
    return _write(path, holed)


def _silent(*, at_head: bool) -> Flaw:
    """0.5, 1 and 2 s."""

    def flaw(wave: Mono, strength: int, _rng: Random, path: Path) -> bool:
        silence = np.zeros(int((0.5, 1, 2)[strength] * RATE_HZ), np.float32)
        return _write(path, np.concatenate((silence, wave) if at_head else (wave, silence)))

    return flaw


def _doubled(wave: Mono, strength: int, _rng: Random, path: Path) -> bool:
    """Two equal channels, then one channel 3 and 6 dB softer."""
    return _write(path, np.stack((wave, wave * 10 ** (-(0, 3, 6)[strength] / 20)), axis=1))


def _turned(wave: Mono, strength: int, rng: Random, path: Path) -> bool:
    """One channel inverted: with noise 10 dB below it, softer, and at the same level."""
    noise = rng.normal(0, np.sqrt(np.mean(wave**2)) * 10 ** (-10 / 20), len(wave))
    return _write(path, 0.7 * np.stack((wave, (-wave + noise, -0.7 * wave, -wave)[strength]), axis=1))


def _blown_up(wave: Mono, strength: int, _rng: Random, path: Path) -> bool:
    """Resampled to 22.05, 32 and 44.1 kHz. A wave with hardly any energy near 8 kHz cannot have this defect."""
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) ** 2
    hz = np.fft.rfftfreq(len(wave), 1 / RATE_HZ)
    if spectrum[(hz > 6500) & (hz < 7300)].mean() < 1e-8 * len(wave):
        return False
    rate_hz = (22_050, 32_000, 44_100)[strength]
    return _write(path, np.asarray(soxr.resample(wave, RATE_HZ, rate_hz)), rate_hz)


def _cut(wave: Mono, strength: int, _rng: Random, path: Path) -> bool:
    """A tenth, a third and a half of the file is missing."""
    _write(path, wave)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * (0.9, 0.67, 0.5)[strength])])
    return True


FLAWS: Final[Mapping[str, Flaw]] = {
    "clipping": _clipped,
    "dc offset": _offset,
    "hum": _hummed,
    "dropouts": _dropped,
    "silence at head": _silent(at_head=True),
    "silence at tail": _silent(at_head=False),
    "fake stereo": _doubled,
    "out of phase": _turned,
    "re-encoded": _blown_up,
    "truncated": _cut,
}


def one_shot(rng: Random) -> Mono:
    """Return a tone and coloured noise, struck once and decaying."""
    seconds = rng.uniform(0.2, 3)
    at_s = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    tone = np.sin(2 * np.pi * (rng.uniform(50, 2000) * at_s * (1 - rng.uniform(0, 0.1) * at_s)))
    noise = np.convolve(rng.normal(size=len(at_s)), np.ones(rng.integers(1, 20)), mode="same")
    mixed = rng.random() * tone + rng.random() * noise / max(noise.std(), 1e-9)
    rise = np.minimum(1, at_s / rng.uniform(0.001, 0.05))
    wave = mixed * rise * np.exp(-at_s * rng.uniform(6, 15) / seconds)
    return np.asarray(0.5 * wave / np.abs(wave).max(), np.float32)


def loop(rng: Random) -> Mono:
    """Return 4, 8 or 16 beats of a pattern of three sounds at 70 to 160 beats a minute; sound beyond the end is cut."""
    beats, beat = int(rng.choice((4, 8, 16))), round(60 / rng.uniform(70, 160) * RATE_HZ)
    wave = np.zeros(beats * beat)
    for sound in range(3):
        steps = rng.random(8) < (0.3, 0.4, 0.6)[sound]  # repeated every two beats
        steps[0] |= sound == 0
        hit = one_shot(rng)[: beat * 2] * rng.uniform(0.3, 1)
        for step in range(4 * beats):
            if steps[step % 8]:
                first = step * beat // 4
                part = hit[: len(wave) - first]
                wave[first : first + len(part)] += part
    return np.asarray(0.5 * wave / np.abs(wave).max(), np.float32)
