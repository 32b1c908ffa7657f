"""Groups of duplicates, and the session of a page."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from search.service.http.requests.common import MAX_ID, Body, Id, Parameters


class GroupList(Parameters):
    """Which page of the groups; with ``clip_id`` the one that this clip is in, if there is one."""

    clip_id: Id | None = None
    offset: Annotated[int, Field(ge=0, le=MAX_ID)] = 0
    limit: Annotated[int, Field(ge=1, le=500)] = 50


# --- keys ---------------------------------------------------------------------------------------------------


class SessionIn(Body):
    """An API key, as `soundalike keys add` printed it."""

    key: Annotated[str, Field(min_length=1, max_length=200)]
