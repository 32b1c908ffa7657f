"""``/roots``: the folders that the library indexes; adding, scanning and removing one."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Response
from flask_openapi3 import APIBlueprint, Tag
from werkzeug.exceptions import Forbidden, NotFound, UnprocessableEntity

from search.errors import printable
from search.ground.urls import is_in_store
from search.library.maintenance import is_there
from search.model import JobKind, RootState
from search.service.http.answers.jobs import JobOut, RootOut, RootsOut
from search.service.http.replies import accepted, reply, revisable
from search.service.http.requests.jobs import NewRoot, RootPath
from search.service.routes.view import view
from search.service.service import Service

TAG = Tag(name="folders", description="The folders that the library indexes.")


class FolderRoutes:
    """The roots of the library, except those of uploads, which the service manages."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def register(self, api: APIBlueprint) -> None:
        """Add the endpoints."""
        one = "/roots/<int:root_id>"
        api.get("/roots", tags=[TAG], responses={200: RootsOut})(view(self.list_roots))
        api.post("/roots", tags=[TAG], responses={202: JobOut})(view(self.add_root))
        api.post(f"{one}/scan", tags=[TAG], responses={202: JobOut})(view(self.scan_root))
        api.delete(one, tags=[TAG], responses={202: JobOut})(view(self.remove_root))

    def list_roots(self) -> Response:
        """List the indexed folders, with the number of clips and the time of the last scan of each."""
        states = self._service.library.catalog.root_states()
        folders = [state for state in states if not self._is_of_uploads(state)]
        uploads = sum(state.clips for state in states if self._is_of_uploads(state))
        addable = self._service.config.folders
        return revisable(reply(RootsOut(roots=[self._out(one) for one in folders], uploads=uploads, addable=addable)))

    def add_root(self, body: NewRoot) -> Response:
        """Index a folder of the service's machine and everything below it; its files stay where they are.

        403 if the service does not accept folders by path (`--folders`); 422 if the path is not a folder that it can
        read. A folder that is indexed already is scanned again.
        """
        if not self._service.config.folders:
            raise Forbidden(
                "this service accepts no folders by path; upload the files, or let whoever runs it start it with "
                "--folders"
            )
        folder = folder_at(body.path, self._service.config.library)
        return self._queue("scan", str(folder))

    def scan_root(self, path: RootPath) -> Response:
        """Scan a folder again: new and changed files are indexed, and missing files are marked as missing."""
        return self._queue("scan", self._root(path.root_id).root.path)

    def remove_root(self, path: RootPath) -> Response:
        """Start a job that removes a folder and all of its clips from the library. Its files stay where they are."""
        return self._queue("remove", self._root(path.root_id).root.path)

    def _queue(self, kind: JobKind, path: str) -> Response:
        return accepted(self._service.jobs.add(kind, [(path, name_of(path))]))

    def _root(self, root_id: int) -> RootState:
        for state in self._service.library.catalog.root_states():
            if state.root.id == root_id and not self._is_of_uploads(state):
                return state
        raise NotFound(f"no folder has the id {root_id}")

    def _is_of_uploads(self, state: RootState) -> bool:
        return self._service.uploads.holds(state.root.path)

    def _out(self, state: RootState) -> RootOut:
        path = state.root.path
        return RootOut(
            id=state.root.id,
            name=name_of(path),
            path=printable(path) if self._service.config.folders else None,
            present=is_there(path),
            clips=state.clips,
            missing=state.missing,
            scanned=state.scanned,
        )


def name_of(path: str) -> str:
    """The last part of a path, for display."""
    return printable(path.rstrip("/").rsplit("/", 1)[-1] or path)


def folder_at(text: str, library: Path) -> Path:
    """The folder that a client named, with links resolved. Raises UnprocessableEntity with the reason."""
    path = Path(text.strip())
    if "\0" in text:
        raise UnprocessableEntity("a path must not contain the null character")
    if is_in_store(text.strip()):
        raise UnprocessableEntity("a part of an object store is indexed by: soundalike index s3://BUCKET/PREFIX")
    if path.parts[:1] == ("~",):
        path = Path.home().joinpath(*path.parts[1:])
    shown = printable(str(path))
    if not path.is_absolute():
        raise UnprocessableEntity(f"{shown}: give the full path of the folder, starting with / or ~")
    try:
        if not path.is_dir():
            raise UnprocessableEntity(f"{shown}: " + ("is not a folder" if path.exists() else "no such folder"))
        folder = path.resolve()
    except (OSError, RuntimeError) as error:  # a name that is too long, or a loop of links
        raise UnprocessableEntity(f"{shown}: cannot be read") from error
    if not os.access(folder, os.R_OK | os.X_OK):
        raise UnprocessableEntity(f"{shown}: the service may not read it; ask its owner")
    if folder.is_relative_to(library.resolve()):
        raise UnprocessableEntity(f"{shown}: is part of the library itself")
    return folder
