"""What is amiss with a sound: from which measure on a word is said.

The thresholds were chosen on half of the recordings that may be learnt from, and are measured on the other half
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
"""So often, in different ways, what is cut comes up to exactly one highest level; where it is flat there, once less."""
_MOST_FLAT, _MANY_PEAKS = 0.5, 32
"""Of what has flat tops all the time they are the shape, as of square waves, unless it comes up in so many ways."""
_LARGEST_MEAN: Final = 0.004
_LARGEST_MEAN_SHARE: Final = 0.05
"""A mean counts above -48 dB, and above this share of the level of the rest."""
_LONGEST_SILENCE_S: Final = 0.4
_SAME: Final = 0.9999
_TURNED: Final = -0.8
_STEEP_DB: Final = 18.0
_OPEN: Final = 0.93
"""An edge above this share of the highest frequency that a file can have is its own."""
_LOSSY: Final = (
    "mp", "vorbis", "opus", "aac", "ac3", "eac3", "wma", "amr", "gsm", "atrac", "cook", "speex", "dts", "qdm", "g72",
    "ra_", "adpcm", "ima_adpcm", "ms_adpcm", "ulaw", "alaw", "pcm_mulaw", "pcm_alaw",
)  # fmt: skip
"""How names of codecs begin that lose sound: what is missing above an edge, they left out."""


@dataclass(frozen=True, slots=True)
class Measures:
    """What defects are told by. ``silences``: seconds above -80 dBFS, before and after that.

    ``warnings`` are those of decoding, ``codec`` as the file's header says.
    """

    levels: Levels
    shape: SpectralShape
    sample_rate_hz: int
    codec: str
    silences: tuple[float, float, float]
    hum_db: float | None
    warnings: tuple[str, ...]


def defects(of: Measures) -> tuple[str, ...]:
    """The words of `search.analysis.facts.definitions.DEFECTS` that hold, in their order."""
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
    """Whether a codec leaves out what is not heard."""
    return codec.lower().startswith(_LOSSY)


def _is_cut_off(of: Measures) -> bool:
    """Whether a spectrum ends as a codec or a resampler ends it, in a file that keeps all it is given."""
    bandwidth_hz = of.shape.bandwidth_hz
    if bandwidth_hz is None or is_lossy(of.codec):
        return False
    return of.shape.edge_db > _STEEP_DB and bandwidth_hz < _OPEN * of.sample_rate_hz / 2
