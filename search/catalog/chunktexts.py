"""Files and results of chunks as text columns: JSON lists, always in ASCII."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from search.model import FileFacts, KnownFile, WorkFile, WorkResult


def files_text(files: Sequence[WorkFile]) -> str:
    """The text of ``files`` (see `files_of`). Default values are left out: a large library has millions of these."""
    return json.dumps([_file(file) for file in files], separators=(",", ":"))


def files_of(text: str) -> tuple[WorkFile, ...]:
    """The files of a chunk."""
    return tuple(
        WorkFile(
            one["root"],
            FileFacts(*one["facts"]),
            _known_of(one.get("known")),
            one.get("forced", False),
            tuple((root_id, _known(gone)) for root_id, gone in one.get("gone", ())),
        )
        for one in json.loads(text)
    )


def results_text(results: Sequence[WorkResult]) -> str:
    """The text of ``results`` (see `results_of`)."""
    usual = asdict(WorkResult("", ""))
    rows = ({name: value for name, value in asdict(one).items() if value != usual[name]} for one in results)
    return json.dumps(list(rows), separators=(",", ":"))


def results_of(text: str) -> list[WorkResult]:
    """The results of a chunk's files."""
    return [_result(one) for one in json.loads(text)] if text else []


def _result(row: dict[str, Any]) -> WorkResult:
    for name in ("warnings", "moved"):
        row[name] = tuple(row.get(name, ()))
    return WorkResult(**row)


def _file(file: WorkFile) -> dict[str, Any]:
    made: dict[str, Any] = {"root": file.root_id, "facts": _facts(file.facts)}
    if file.known_file is not None:
        made["known"] = _known_text(file.known_file)
    if file.forced:
        made["forced"] = True
    if file.gone:
        made["gone"] = [[root_id, _known_text(gone)] for root_id, gone in file.gone]
    return made


def _facts(facts: FileFacts) -> list[Any]:
    return [facts.path, facts.size_bytes, facts.mtime_ns, facts.changed_ns]


def _known_text(file: KnownFile) -> list[Any]:
    return [file.clip_id, file.content_id, file.digest, _facts(file.facts), file.encoded, file.missing, file.notes]


def _known(row: list[Any]) -> KnownFile:
    clip_id, content_id, digest, facts, encoded, missing, notes = row
    return KnownFile(clip_id, content_id, digest, FileFacts(*facts), encoded, missing, notes)


def _known_of(row: list[Any] | None) -> KnownFile | None:
    return None if row is None else _known(row)
