"""Settings that come from outside: read once at the edge of a process, frozen from then on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, cast

import platformdirs

from search.errors import UsageError

Device: TypeAlias = Literal["auto", "cpu", "cuda"]

DEFAULT_ENCODER = "cnn:soundalike-1"
DEFAULT_INDEX = "faiss"
DEFAULT_NICENESS = 10
MOST_NICENESS = 19


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are and what runs.

    ``library``: the default library's folder. ``models``: folders in which a model file is looked for, in order.
    ``model_cache``: where a downloaded model is kept. ``encoder``: the default encoder's name. ``index``: the kind of
    index of a new library. ``offline``: never try to download. ``neighbourhoods``: make them and rank by them
    (`search.neighbourhoods`). ``niceness``: how far jobs give way to other programs, 0 (not at all) to 19.

    Examples:
        >>> settings = soundalike.Settings.from_env({"SOUNDALIKE_DEVICE": "cpu"})
        >>> settings.device, settings.encoder
        ('cpu', 'cnn:soundalike-1')
    """

    library: Path
    models: tuple[Path, ...]
    model_cache: Path
    encoder: str = DEFAULT_ENCODER
    index: str = DEFAULT_INDEX
    device: Device = "auto"
    offline: bool = False
    neighbourhoods: bool = True
    niceness: int = DEFAULT_NICENESS

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Read ``SOUNDALIKE_LIBRARY``, ``_MODELS`` (folders, as in PATH), ``_ENCODER``, ``_INDEX``, ``_DEVICE``,
        ``_OFFLINE``, ``_NEIGHBOURHOODS`` (``on`` or ``off``) and ``_NICENESS``.

        Raises UsageError for a value that is not allowed.
        """
        device = environ.get("SOUNDALIKE_DEVICE", "auto")
        if device not in ("auto", "cpu", "cuda"):
            raise UsageError(f"SOUNDALIKE_DEVICE is {device!r}; it must be auto, cpu or cuda")
        neighbourhoods = environ.get("SOUNDALIKE_NEIGHBOURHOODS") or "on"
        if neighbourhoods not in ("on", "off"):
            raise UsageError(f"SOUNDALIKE_NEIGHBOURHOODS is {neighbourhoods!r}; it must be on or off")
        niceness = environ.get("SOUNDALIKE_NICENESS") or str(DEFAULT_NICENESS)
        if not (niceness.isascii() and niceness.isdigit() and int(niceness) <= MOST_NICENESS):
            raise UsageError(f"SOUNDALIKE_NICENESS is {niceness!r}; it must be 0 to {MOST_NICENESS}")
        library = environ.get("SOUNDALIKE_LIBRARY")
        models = environ.get("SOUNDALIKE_MODELS", "")
        return cls(
            library=Path(library) if library else platformdirs.user_data_path("soundalike") / "library",
            models=tuple(Path(part) for part in models.split(os.pathsep) if part),
            model_cache=platformdirs.user_cache_path("soundalike") / "models",
            encoder=environ.get("SOUNDALIKE_ENCODER") or DEFAULT_ENCODER,
            index=environ.get("SOUNDALIKE_INDEX") or DEFAULT_INDEX,
            device=cast(Device, device),
            offline=environ.get("SOUNDALIKE_OFFLINE", "") not in ("", "0"),
            neighbourhoods=neighbourhoods == "on",
            niceness=int(niceness),
        )
