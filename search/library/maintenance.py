"""Maintenance of a library: its contents, backup and restore, rebuilding indexes, replacing spaces."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from search.analysis.facts.definitions import VERSION
from search.analysis.melody.space import SPEC
from search.columns.parsing import parse
from search.columns.where import TagProbabilityIs
from search.errors import LibraryUnwritable, SpaceMismatch, UsageError, printable
from search.ground.counting import counted
from search.ground.urls import is_in_store
from search.library import publishing
from search.model import FacetCount, RecordFailure, Root, Space, SpaceState
from search.overview.facets import MAX_VALUES
from search.ports import Lease
from search.snapshots.folders import discard

if TYPE_CHECKING:
    from search.library.library import Library


@dataclass(frozen=True, slots=True)
class SpaceInfo:
    """One space and how many ``segments`` it has; ``tags`` is the size of its vocabulary."""

    name: str
    revision: str
    fingerprint: str
    dim: int
    segments: int
    reads_words: bool
    tags: int
    state: SpaceState


@dataclass(frozen=True, slots=True)
class LibraryInfo:
    """What a library holds. ``index`` is its kind of index; ``hours`` counts equal files once.

    ``measured`` is the number of clips with facts, ``unmeasured`` that of clips with sound and without facts.
    """

    path: str
    index: str
    clips: int
    missing: int
    contents: int
    hours: float
    measured: int
    unmeasured: int
    catalog_bytes: int
    sequence: int
    roots: tuple[dict[str, Any], ...]
    spaces: tuple[SpaceInfo, ...]
    failures: tuple[dict[str, str], ...]
    warnings: tuple[dict[str, str], ...]

    def as_json(self) -> dict[str, Any]:
        """Return the fields for programs."""
        return asdict(self)

    def _facts(self) -> str:
        lacking = f"; {self.unmeasured} were not measured (soundalike facts --measure)" if self.unmeasured else ""
        return f"{self.measured} clips have them{lacking}"

    def as_text(self) -> str:
        """Return a text for people, one fact per line."""
        lines = [
            f"library   {self.path}",
            f"index     {self.index}",
            f"clips     {self.clips} ({self.missing} missing at the last scan), {self.contents} different contents",
            f"hours     {self.hours:.2f}",
            f"facts     {self._facts()}",
            f"catalog   {self.catalog_bytes / 1e6:.1f} MB, sequence {self.sequence}",
        ]
        for root in self.roots:
            played = "" if root["speed"] == 1 else f", played at speed {root['speed']:g}"
            clips = counted(root["clips"], "clip")
            lines.append(
                f"root      {printable(root['path'])}{played}: {clips}, {root['missing']} missing, "
                + _scanned(root["scanned"])
                + ("" if root["there"] else "  (not available now)")
            )
            lines.extend(f"          leaves out {printable(pattern)}" for pattern in root["excludes"])
        for space in self.spaces:
            reads = ", reads words" if space.reads_words else ""
            tags = f", {space.tags} tags" if space.tags else ""
            waits = ", retired: waits to be encoded again by soundalike reindex" if space.state == "retired" else ""
            segments = counted(space.segments, "segment")
            lines.append(f"space     {space.name}: {segments}, {space.dim} dimensions{tags}{reads}{waits}")
        for failure in self.failures:
            lines.append(f"failed    {printable(failure['path'])}: {failure['cause']}")
        for warning in self.warnings:
            lines.append(f"warning   {printable(warning['path'])}: {warning['warning']}")
        return "\n".join(lines)


def info(library: Library) -> LibraryInfo:
    """Count what the library holds, without opening an index."""
    stats = library.catalog.stats()
    segments = {space.space_id: space.segments for space in stats.spaces}
    measured, unmeasured = library.catalog.measured_clips(VERSION)
    return LibraryInfo(
        path=str(library.path),
        index=library.index_kind.name,
        clips=stats.clips,
        missing=stats.missing,
        contents=stats.contents,
        hours=stats.hours,
        measured=measured,
        unmeasured=unmeasured,
        catalog_bytes=stats.database_bytes,
        sequence=stats.sequence,
        roots=tuple(
            {
                "path": state.root.path,
                "there": is_there(state.root.path),
                "excludes": list(state.root.excludes),
                "speed": state.root.speed,
                "clips": state.clips,
                "missing": state.missing,
                "scanned": state.scanned,
            }
            for state in library.catalog.root_states()
        ),
        spaces=tuple(
            SpaceInfo(
                name=s.name,
                revision=s.revision,
                fingerprint=s.fingerprint,
                dim=s.dim,
                segments=segments.get(s.id, 0),
                reads_words=s.can_text,
                tags=len(s.vocabulary or ()),
                state=s.state,
            )
            for s in library.catalog.spaces()
        ),
        failures=tuple(
            {"path": root.absolute(failed.file.path), "cause": failed.cause} for root, failed in failures(library)
        ),
        warnings=tuple({"path": path, "warning": warning} for path, warning in library.catalog.warnings()),
    )


def failures(library: Library) -> list[tuple[Root, RecordFailure]]:
    """Return the files that could not be indexed, with the root of each. Files that no longer exist are left out."""
    roots = {root.id: root for root in library.roots()}
    failed = [(roots[one.root_id], one) for one in library.catalog.failed_files() if one.root_id in roots]
    paths = [root.absolute(one.file.path) for root, one in failed]
    return [one for one, path in zip(failed, paths, strict=True) if is_in_store(path) or os.path.lexists(path)]


def is_there(root: str) -> bool:
    """Return whether a root's folder exists. For a root in a store assume so: asking may take a minute."""
    return is_in_store(root) or os.path.isdir(root)  # noqa: PTH112 - any bytes may be in it


def _scanned(at: float | None) -> str:
    if at is None:
        return "not scanned yet"
    return f"scanned {datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"


def tag_counts(library: Library, min_probability: float, where: str | None = None) -> list[tuple[str, int]]:
    """Count the clips that have each tag of the encoder at this probability or above, most frequent first.

    Only clips that pass the filter ``where`` count. Raises WhereError.
    """
    for space in library.catalog.spaces():
        if space.vocabulary:
            columns = library.view().of(space.name)[0].columns
            rows = columns.present if where is None else columns.clips_where(parse(where))
            counts = [
                (tag, int((columns.clips_where(TagProbabilityIs(tag, ">=", min_probability)) & rows).sum()))
                for tag in space.vocabulary
            ]
            return sorted((c for c in counts if c[1]), key=lambda c: (-c[1], c[0]))
    return []


def own_tag_counts(library: Library, where: str | None = None) -> tuple[FacetCount, ...]:
    """Count the own tags of the clips that pass a filter (None: all), most frequent first. Raises WhereError."""
    if all(space.is_melody for space in library.catalog.spaces()):
        return ()
    return library.clips.facets(where, limit=MAX_VALUES).own_tags


def clips_below(library: Library, path: str) -> list[int]:
    """Return the ids of the clips at the absolute ``path`` (a file) or anywhere below it (a folder)."""
    ids: list[int] = []
    spaces = library.catalog.spaces()
    for root in library.catalog.roots():
        part = part_of_root(PurePath(root.path), PurePath(path))
        if part is not None:
            files = library.catalog.files(root.id, spaces[0].id).items()
            below = f"{part}/" if part else ""
            ids += [file.clip_id for name, file in files if name == part or name.startswith(below)]
    return ids


def part_of_root(root: PurePath, path: PurePath) -> str | None:
    """Return the part of a root at or below ``path``, with "/" between names: "" for all of it, None for nothing."""
    if path == root or path in root.parents:
        return ""
    return path.relative_to(root).as_posix() if root in path.parents else None


def rebuild(library: Library, space: Space, lease: Lease) -> None:
    """Rebuild a space's snapshots from the catalog, without decoding or encoding anything."""
    lease.check()
    library.spaces.forget(space)
    if library.shipping is not None:  # first: otherwise another process could fetch what is deleted here
        library.shipping.withdraw(publishing.place_of(space), lease)
        library.shipping.withdraw("", lease)
    _discard(library, space, publishing.PARTS)
    library.publisher.publish(space, lease, always=True)


def _discard(library: Library, space: Space, parts: Sequence[str]) -> None:
    """Delete these kinds of snapshot of a space, before they are rebuilt. Raises LibraryUnwritable."""
    folder = library.spaces.folder(space)
    try:
        for part in parts:
            discard(folder / part)
    except OSError as error:
        raise LibraryUnwritable.because(f"{printable(str(folder))}: snapshots cannot be removed", error) from error


def backup(library: Library, target: Path) -> None:
    """Copy the library's catalog, from which every index can be rebuilt, to one file. The library may be in use.

    Raises UsageError if the file exists already, LibraryError if it cannot be written.
    """
    if target.exists():
        raise UsageError(f"{target} already exists; choose another name")
    library.catalog.backup(target)


def restore(library: Library, source: Path, lease: Lease) -> None:
    """Replace the library's catalog by a backup. The library may be in use: readers follow as after any change."""
    library.catalog.restore(source, lease)
    for space in library.catalog.spaces():
        library.publisher.publish(space, lease, always=True)


def stale_spaces(library: Library) -> list[Space]:
    """Return the active spaces whose encoder has a new fingerprint. Their vectors cannot be searched by sound."""
    return [s for s in library.catalog.spaces() if not s.is_retired and _is_stale(library, s)]


def _is_stale(library: Library, space: Space) -> bool:
    if space.is_melody:
        return space.fingerprint != SPEC.fingerprint
    try:
        library.encoders.of(space)
    except SpaceMismatch:
        return True
    return False


def retired_names(library: Library) -> list[str]:
    """Return the names of spaces that still wait to be encoded again, at least in part, in the order they were made."""
    return list(dict.fromkeys(space.name for space in library.catalog.spaces() if space.is_retired))


def retire(library: Library, space: Space, lease: Lease) -> None:
    """Free a space's name for its successor; its vectors stay until `drop_replaced`."""
    library.catalog.retire_space(space.id, lease)


def follows_recordings(library: Library) -> bool:
    """Return whether this library has tunes of recordings, not only those of MIDI files."""
    spaces = library.catalog.spaces()
    contents = {space.space_id: space.contents for space in library.catalog.stats().spaces}
    return any(
        library.catalog.count_only_in(tunes.id, sounds.id) < contents[tunes.id]
        for tunes in spaces
        for sounds in spaces
        if tunes.is_melody and not sounds.is_melody
    )


def drop_replaced(library: Library, keep: Space, lease: Lease, *, others: bool = False) -> list[tuple[Space, int]]:
    """Drop the retired spaces of ``keep``'s name whose contents are all encoded in ``keep``.

    ``others``: drop every other space of the same kind (sounds or tunes) too. Return the spaces that must stay, each
    with the number of contents that only it has (files that could not be read).
    """
    left, dropped = [], False
    for space in library.catalog.spaces():
        replaced = space.name == keep.name or (others and space.is_melody == keep.is_melody)
        if space.id == keep.id or not replaced:
            continue
        only_there = library.catalog.count_only_in(space.id, keep.id)
        if only_there:
            left.append((space, only_there))
            continue
        lease.check()
        library.catalog.drop_space(space.id, lease)
        if library.shipping is not None:
            library.shipping.withdraw(publishing.place_of(space), lease)
        shutil.rmtree(library.spaces.folder(space), ignore_errors=True)
        dropped = True
    if dropped:  # clips may have the tags of another space from now on
        for space in library.catalog.spaces():
            if library.shipping is not None:  # first, as in `rebuild`
                library.shipping.withdraw(f"{publishing.place_of(space)}/{publishing.COLUMNS}", lease)
            _discard(library, space, (publishing.COLUMNS,))
            library.publisher.publish(space, lease, always=True)
    return left
