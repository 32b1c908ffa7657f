"""Requests to identify and to index sounds; folders and jobs."""

from __future__ import annotations

from typing import Annotated, Literal

from flask_openapi3 import FileStorage
from pydantic import BaseModel, Field
from pydantic_core import PydanticCustomError

from search.service.config import MAX_K
from search.service.http.described import Described
from search.service.http.requests.common import MAX_ID, Body, Id, Parameters


class IdentifyForm(Described, BaseModel):
    """The sound to identify, or the passage of it from ``start_s`` to ``end_s``."""

    audio: Annotated[FileStorage, Field(description="The sound: any format, five seconds or more.")]
    start_s: Annotated[float, Field(ge=0, le=1e7, allow_inf_nan=False)] = 0.0
    end_s: Annotated[Annotated[float, Field(gt=0, le=1e7, allow_inf_nan=False)] | None, Field()] = None
    track: Annotated[int, Field(ge=0, le=9999, description="An audio track, counted from 0.")] = 0
    k: Annotated[int, Field(ge=1, le=MAX_K, description="How many recordings, for a sound of ten seconds at most.")] = (
        10
    )


class UploadForm(Described, BaseModel):
    """The files to index."""

    files: Annotated[
        list[FileStorage],
        Field(
            min_length=1,
            description="One or more audio files. The folders of a relative file name (`kicks/01.wav`) are kept.",
        ),
    ]
    job: Annotated[
        Annotated[int, Field(ge=1, le=MAX_ID)] | None,
        Field(
            description="The job that these files join; a job has at most 1,000 files. Without it they get a new job."
        ),
    ] = None


class UploadHeaders(Described, BaseModel):
    """The headers of an upload."""

    key: Annotated[
        Annotated[str, Field(min_length=1, max_length=200)] | None,
        Field(
            alias="Idempotency-Key",
            description="Any text that no other upload uses. If the same files are sent again with it within a day, "
            "they are not stored again, and the answer is their job.",
        ),
    ] = None


class JobPath(Parameters):
    """A job by its id."""

    job_id: Id


class JobList(Parameters):
    """Which jobs, newest first."""

    state: Literal["queued", "running", "paused", "done", "failed", "cancelled"] | None = None
    offset: Annotated[int, Field(ge=0, le=MAX_ID)] = 0
    limit: Annotated[int, Field(ge=1, le=500)] = 50


class FailureList(Parameters):
    """Which of the files that could not be indexed, by folder and path."""

    offset: Annotated[int, Field(ge=0, le=MAX_ID)] = 0
    limit: Annotated[int, Field(ge=1, le=1000)] = 200


class NewRoot(Body):
    """A folder of the service's machine to index, with everything below it."""

    path: Annotated[
        str,
        Field(
            min_length=1,
            max_length=4096,
            pattern=r"\S",
            description="The path of the folder: absolute, or starting with `~`.",
        ),
    ]


class RootPath(Parameters):
    """A root by its id."""

    root_id: Id


class NewJob(Body):
    """Work on the whole library that a client may start; uploads start their own."""

    kind: Literal["duplicates", "map", "facts", "events", "fingerprints", "speech"]


# --- recommendation and feedback --------------------------------------------------------------------------


def _without_slash(name: object) -> object:
    if isinstance(name, str) and "/" in name:
        raise PydanticCustomError("profile", "a profile's name must not contain '/'; choose another character")
    return name
