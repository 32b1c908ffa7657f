"""Columns on disk: a folder with a manifest and one NumPy file per array, mapped when it is opened."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from search.columns.table import Part
from search.errors import LibraryUnwritable, SnapshotError, printable

_FORMAT: Final = 1
_MANIFEST: Final = "manifest.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the arrays are of."""

    sequence: int
    space_id: int
    vocabulary: tuple[str, ...]
    base_sequence: int


@dataclass(frozen=True, slots=True)
class Parts:
    """The arrays: of `ClipColumns`' fields of the same names."""

    base: Part
    recent: Part
    gone_clips: NDArray[np.bool_]
    gone_encodings: NDArray[np.bool_]


def save(directory: Path, manifest: Manifest, parts: Parts) -> None:
    """Write a folder that appears whole or not at all; one that is there already is kept.

    Raises LibraryUnwritable.
    """
    partial = directory.with_name(f".{directory.name}.{os.getpid()}")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        shapes = {}
        for name, values in _arrays(parts):
            shapes[name] = [values.dtype.str, list(values.shape)]
            _write(partial / f"{name}.npy", values)
        facts = {
            "format": _FORMAT,
            "sequence": manifest.sequence,
            "space_id": manifest.space_id,
            "vocabulary": manifest.vocabulary,
            "base_sequence": manifest.base_sequence,
            "arrays": shapes,
        }
        with (partial / _MANIFEST).open("w", encoding="ascii") as file:
            json.dump(facts, file)
            file.flush()
            os.fsync(file.fileno())
        if not directory.exists():
            partial.rename(directory)
    except OSError as error:
        raise LibraryUnwritable.because(f"{printable(str(directory))}: the columns cannot be written", error) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def load(directory: Path) -> tuple[Manifest, Parts]:
    """Map the arrays of a folder. Raises SnapshotError when anything is missing or of another size than it was."""
    try:
        facts = json.loads((directory / _MANIFEST).read_text(encoding="ascii"))
        if facts["format"] != _FORMAT:
            raise _damaged(directory, f"format {facts['format']}, this version reads {_FORMAT}")
        manifest = Manifest(facts["sequence"], facts["space_id"], tuple(facts["vocabulary"]), facts["base_sequence"])
        shapes = facts["arrays"]
        arrays = {name: _map(directory, name, shape) for name, shape in shapes.items()}
        parts = Parts(
            base=_part("base", arrays),
            recent=_part("recent", arrays),
            gone_clips=arrays["gone_clips"],
            gone_encodings=arrays["gone_encodings"],
        )
    except OSError as error:
        raise _damaged(directory, str(error.strerror)) from error
    except KeyError as error:
        raise _damaged(directory, f"it lacks {error}") from error
    except (ValueError, TypeError, AttributeError, EOFError) as error:
        raise _damaged(directory, str(error)) from error
    return manifest, parts


def _arrays(parts: Parts) -> Iterator[tuple[str, NDArray[Any]]]:
    for prefix, part in (("base", parts.base), ("recent", parts.recent)):
        for field in fields(Part):
            yield f"{prefix}_{field.name}", getattr(part, field.name)
    yield "gone_clips", parts.gone_clips
    yield "gone_encodings", parts.gone_encodings


def _part(prefix: str, arrays: dict[str, NDArray[Any]]) -> Part:
    return Part(**{field.name: arrays[f"{prefix}_{field.name}"] for field in fields(Part)})


def _write(path: Path, values: NDArray[Any]) -> None:
    with path.open("wb") as file:
        np.lib.format.write_array(file, np.ascontiguousarray(values), allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())


def _map(directory: Path, name: str, shape: list[Any]) -> NDArray[Any]:
    path = directory / f"{name}.npy"
    values = np.load(path, mmap_mode="r" if 0 not in shape[1] else None, allow_pickle=False)
    if [values.dtype.str, list(values.shape)] != shape:
        raise _damaged(directory, f"{name} is {values.dtype.str} {values.shape}, it was {shape}")
    # a plain view: numpy's memmap class costs every operation some microseconds
    return np.asarray(values)


def _damaged(directory: Path, cause: str) -> SnapshotError:
    return SnapshotError(
        f"{printable(str(directory))}: damaged columns ({cause}); `soundalike reindex` makes them anew"
    )
