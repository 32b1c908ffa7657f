"""The defects of a sound, by thresholds on measurements.

The thresholds were chosen on one half of the recordings available for training, and are evaluated on the other half
(`benchmarks.quality.facts`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from search.analysis.facts.levels import Levels
from search.analysis.facts.spectrum import SpectralShape

_TOP_SHARE: Final = 0.98
_FEWEST_TOPS: Final = 3
_FEWEST_PEAKS: Final = 3
"""A clipped wave reaches exactly its highest level in at least this many different ways; one less if it has flat
tops."""
_MOST_FLAT, _MANY_PEAKS = 0.5, 32
"""If more than this share of samples is in flat tops, they are the wave's shape (a square wave), not clipping, unless
it reaches its peak in this many ways."""
_LARGEST_MEAN: Final = 0.004
_LARGEST_MEAN_SHARE: Final = 0.05
"""A DC offset counts above -48 dB, and above this share of the level of the rest."""
_LONGEST_SILENCE_S: Final = 0.4
_SAME: Final = 0.9999
_TURNED: Final = -0.8
_STEEP_DB: Final = 18.0
_OPEN: Final = 0.93
"""An edge above this share of half the sample rate comes from the file's own sample rate."""
_LOSSY: Final = (
    "mp", "vorbis", "opus", "aac", "ac3", "eac3", "wma", "amr", "gsm", "atrac", "cook", "speex", "dts", "qdm", "g72",
    "ra_", "adpcm", "ima_adpcm", "ms_adpcm", "ulaw", "alaw", "pcm_mulaw", "pcm_alaw",
)  # fmt: skip
"""Prefixes of the names of lossy codecs, which themselves remove what is above an edge."""


@dataclass(frozen=True, slots=True)
class Measures:
    """The measurements from which defects are found. ``silences``: seconds above -80 dBFS, before and after that.

    ``warnings`` are those of decoding; ``codec`` is from the file's header.
    """

    levels: Levels
    shape: SpectralShape
    sample_rate_hz: int
    codec: str
    silences: tuple[float, float, float]
    hum_db: float | None
    warnings: tuple[str, ...]


def defects(of: Measures) -> tuple[str, ...]:
    """The words of `search.analysis.facts.definitions.DEFECTS` that apply, in that order."""
    levels = of.levels
    power = levels.power
    sounding_s, head_s, tail_s = of.silences
    sounds = sounding_s > 0
    correlation = levels.correlation
    holds = {
        "clipping": _is_clipped(levels),
        "dc offset": levels.dc_offset > max(_LARGEST_MEAN, _LARGEST_MEAN_SHARE * power**0.5),
        "hum": of.hum_db is not None,
        "dropouts": levels.gaps > 0,
        "silence at head": sounds and head_s > _LONGEST_SILENCE_S,
        "silence at tail": sounds and tail_s > _LONGEST_SILENCE_S,
        "fake stereo": sounds and correlation is not None and correlation > _SAME,
        "out of phase": sounds and correlation is not None and correlation < _TURNED,
        "re-encoded": _is_cut_off(of),
        "truncated": any("truncated" in warning for warning in of.warnings),
    }
    return tuple(name for name, is_so in holds.items() if is_so)


def _is_clipped(levels: Levels) -> bool:
    tops, share = levels.flat_tops(_TOP_SHARE)
    is_cut = tops >= _FEWEST_TOPS or levels.cut_peaks + min(tops, 1) >= _FEWEST_PEAKS
    return is_cut and (share < _MOST_FLAT or levels.cut_peaks >= _MANY_PEAKS)


def is_lossy(codec: str) -> bool:
    """Whether a codec is lossy."""
    return codec.lower().startswith(_LOSSY)


def _is_cut_off(of: Measures) -> bool:
    """Whether the spectrum ends as after a lossy codec or a resampler, although the file's codec is lossless."""
    bandwidth_hz = of.shape.bandwidth_hz
    if bandwidth_hz is None or is_lossy(of.codec):
        return False
    return of.shape.edge_db > _STEEP_DB and bandwidth_hz < _OPEN * of.sample_rate_hz / 2
