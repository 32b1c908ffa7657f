"""What is asked of sound itself: passages, waveforms, pictures and exports."""

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
    """A passage of a clip; all of it without them."""

    start_s: Seconds = 0.0
    end_s: Seconds | None = None


class PeaksOf(PassageQuery):
    """How finely to look at the waveform."""

    buckets: Annotated[int, Field(ge=1, le=4000, description="Into how many equal stretches of time.")] = 800


class ManyPeaks(Parameters):
    """The waveforms of several clips at once, as a list that scrolls needs them."""

    clip_id: Annotated[list[Id], Field(min_length=1, max_length=MAX_WAVEFORMS)]
    buckets: Annotated[int, Field(ge=1, le=400, description="Into how many equal stretches of time.")] = 160
    short: Annotated[
        bool,
        Field(
            description="Leave out recordings of more than five minutes whose waveforms were not made yet: each takes "
            "long, and the others would wait for it. Ask for them alone."
        ),
    ] = False


class ManyFacts(Parameters):
    """The facts of several clips at once, as the columns of a list need them."""

    clip_id: Annotated[list[Id], Field(min_length=1, max_length=MAX_FACTS)]


class AudioOf(Parameters):
    """How a clip's sound is to come."""

    direct: Annotated[
        bool,
        Field(
            description="A clip in an object store: be sent there (307), by an address that holds for ten minutes, "
            "instead of hearing it through the service. Where the store makes none it comes as always."
        ),
    ] = False


class PictureOf(PassageQuery):
    """How large a picture."""

    width: Annotated[int, Field(ge=16, le=2000)] = 800
    height: Annotated[int, Field(ge=16, le=512)] = 128
    scale: Annotated[
        Literal["mel", "linear"], Field(description="Frequency upwards: as it is heard, from 30 Hz, or evenly, from 0.")
    ] = "mel"


# --- exports ----------------------------------------------------------------------------------------------

Handles: TypeAlias = Annotated[
    float, Field(ge=0, le=600, description="So many seconds more at both ends, as far as the sound reaches.")
]


class PassageOf(PassageQuery):
    """A passage of a clip, with handles."""

    handles_s: Handles = 0.0


class ExportItemIn(Body):
    """A clip, and the passage of it that is meant; all of it without one."""

    clip_id: Id
    start_s: Seconds = 0.0
    end_s: Seconds | None = None


class ExportIn(Body):
    """What to take out, and as what."""

    items: Annotated[
        list[ExportItemIn], Field(min_length=1, max_length=MAX_EXPORTED, description="The sounds, in their order.")
    ]
    format: Annotated[
        Literal["files", "passages", "edl", "reaper"],
        Field(
            description="A ZIP of the files (with an edit list, a project and a list of licences), or of the passages "
            "as WAV; an edit list (CMX 3600), or a project of REAPER, in which files lie below the library's folders."
        ),
    ] = "files"
    handles_s: Handles = 0.0


class NamedExport(BaseModel):
    """A name for what is fetched."""

    name: Annotated[str, Field(description="Any name. The archive is offered under it.")]


class FilesOf(Parameters):
    """Which files."""

    clip_id: Annotated[
        list[Id], Field(min_length=1, max_length=MAX_ADDRESSED, description="Their clips; more are asked for by POST.")
    ]


class ExportForm(BaseModel):
    """The same as a form."""

    export: Annotated[ExportIn, Field(description="What to take out, as JSON.")]


# --- collections ------------------------------------------------------------------------------------------
