"""Requests for sound: passages, waveforms, pictures and exports."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, Field

from search.service.http.requests.common import (
    MAX_ADDRESSED,
    MAX_EXPORTED,
    MAX_FACTS,
    MAX_WAVEFORMS,
    Body,
    Id,
    Parameters,
    Seconds,
)


class PassageQuery(Parameters):
    """A passage of a clip; the whole clip by default."""

    start_s: Seconds = 0.0
    end_s: Seconds | None = None


class PeaksOf(PassageQuery):
    """A passage, and how finely to divide its waveform."""

    buckets: Annotated[int, Field(ge=1, le=4000, description="Into how many equal stretches of time to divide it.")] = (
        800
    )


class ManyPeaks(Parameters):
    """The waveforms of several clips at once, as a list that scrolls needs them."""

    clip_id: Annotated[list[Id], Field(min_length=1, max_length=MAX_WAVEFORMS)]
    buckets: Annotated[
        int, Field(ge=1, le=400, description="Into how many equal stretches of time to divide each.")
    ] = 160
    short: Annotated[
        bool,
        Field(
            description="Leave out recordings of more than five minutes whose waveforms were not made yet: each takes "
            "long, and delays the others. Request them one by one."
        ),
    ] = False


class ManyFacts(Parameters):
    """The facts of several clips at once, as the columns of a list need them."""

    clip_id: Annotated[list[Id], Field(min_length=1, max_length=MAX_FACTS)]


class AudioOf(Parameters):
    """How the sound of a clip is sent."""

    direct: Annotated[
        bool,
        Field(
            description="For a clip in an object store: redirect (307) to a URL of the store, valid for ten minutes, "
            "instead of sending the sound through the service. If the store has no such URLs, the service sends it."
        ),
    ] = False


class PictureOf(PassageQuery):
    """A passage, and the size and scale of its picture."""

    width: Annotated[int, Field(ge=16, le=2000)] = 800
    height: Annotated[int, Field(ge=16, le=512)] = 128
    scale: Annotated[
        Literal["mel", "linear"], Field(description="The frequency axis: mel, from 30 Hz, or linear, from 0.")
    ] = "mel"


# --- exports ----------------------------------------------------------------------------------------------

Handles: TypeAlias = Annotated[
    float, Field(ge=0, le=600, description="Extra seconds before and after the passage, as far as the sound reaches.")
]


class PassageOf(PassageQuery):
    """A passage of a clip, with handles."""

    handles_s: Handles = 0.0


class ExportItemIn(Body):
    """A clip, or a passage of it."""

    clip_id: Id
    start_s: Seconds = 0.0
    end_s: Seconds | None = None


class ExportIn(Body):
    """What to export, and in which format."""

    items: Annotated[
        list[ExportItemIn], Field(min_length=1, max_length=MAX_EXPORTED, description="The sounds, in order.")
    ]
    format: Annotated[
        Literal["files", "passages", "edl", "reaper"],
        Field(
            description="A ZIP of the files (with an edit list, a project and a list of licences), a ZIP of the "
            "passages as WAV, an edit list (CMX 3600), or a REAPER project. The last two name files by their paths "
            "below the library's folders."
        ),
    ] = "files"
    handles_s: Handles = 0.0


class NamedExport(BaseModel):
    """A name for the archive."""

    name: Annotated[str, Field(description="Any name; the archive is downloaded under it.")]


class FilesOf(Parameters):
    """Which files."""

    clip_id: Annotated[
        list[Id], Field(min_length=1, max_length=MAX_ADDRESSED, description="The clips; for more, use `POST /export`.")
    ]


class ExportForm(BaseModel):
    """The same JSON as a field of a form."""

    export: Annotated[ExportIn, Field(description="What to export, as JSON.")]


# --- collections ------------------------------------------------------------------------------------------
