"""Build the outcome of a file that needs no encoding, or that failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from indexer.handles import check_handles
from indexer.ledger import Decision
from indexer.model import Outcome, OutcomeKind, Task
from search.errors import AudioError, JobError
from search.model import AddContent, CatalogChange, Content, KeepTracks, LinkClip, MoveClip, NoteFile, RecordFailure


def link(task: Task, contents: Sequence[Content], title: str, fields: Mapping[str, str]) -> Outcome:
    """The outcome of a file whose contents, one for each sound track, are stored and encoded."""
    changes: list[CatalogChange] = [LinkClip(task.root.id, task.facts, c.id, title, fields) for c in contents]
    changes.append(KeepTracks(task.root.id, task.facts.path, tuple(content.track for content in contents)))
    known = task.known_file
    if known is None:
        kind: OutcomeKind = "linked"
    else:
        kind = "unchanged" if known.content_id in {content.id for content in contents} else "changed"
    return Outcome(kind, task.path, tuple(changes), size_bytes=task.facts.size_bytes)


def settled(task: Task, decision: Decision, title: str, fields: Mapping[str, str]) -> Outcome:
    """The outcome of a file that needs no encoding."""
    if decision.need == "move" and decision.clip_id is not None:
        move = MoveClip(decision.clip_id, task.root.id, task.facts)
        return Outcome("moved", task.path, (move,), size_bytes=task.facts.size_bytes)
    if decision.need == "stay out":
        return Outcome("taken_out", task.path, size_bytes=task.facts.size_bytes)
    known = task.known_file
    if known is not None and known.content_id in {c.id for c in decision.stored} and task.is_only_noted:
        change = NoteFile(known.clip_id, task.facts)  # the file was not written to: titles that people gave it stay
        return Outcome("unchanged", task.path, (change,), size_bytes=task.facts.size_bytes)
    return link(task, decision.stored, title, fields)


def failed(task: Task, cause: str, digest: str | None = None) -> Outcome:
    """The outcome of a file that cannot be indexed. Give its ``digest`` if it was to be encoded."""
    change = RecordFailure(task.root.id, task.facts, cause)
    return Outcome("failed", task.path, (change,), digest, size_bytes=task.facts.size_bytes, cause=cause)


def refused(outcome: Outcome, cause: str) -> Outcome:
    """The failure that replaces an outcome whose changes the catalog refused."""
    where = next((c for c in outcome.changes if isinstance(c, AddContent | LinkClip | MoveClip)), None)
    changes = () if where is None else (RecordFailure(where.root_id, where.file, cause),)
    return Outcome("failed", outcome.path, changes, size_bytes=outcome.size_bytes, cause=cause, instead_of=outcome)


def failure_of(task: Task, error: Exception, digest: str | None = None) -> Outcome:
    """The outcome of a file whose reading raised ``error``. Raises JobError if no file can be opened any more."""
    if isinstance(error, JobError):
        raise error
    check_handles(error)
    if isinstance(error, AudioError):
        return failed(task, error.cause, digest)
    if isinstance(error, PermissionError):
        return failed(task, "no permission to read it", digest)
    if isinstance(error, OSError) and error.strerror:
        return failed(task, error.strerror.lower(), digest)
    return failed(task, f"{type(error).__name__}: {error}".splitlines()[0], digest)
