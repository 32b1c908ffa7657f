"""What an assistant may do with a library: search it in every way that a person can, and listen. It changes nothing."""

from __future__ import annotations

import base64
import binascii
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, TypeVar

from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError, ToolError
from pydantic import Field
from werkzeug.exceptions import NotFound

from search.errors import AudioError, SoundalikeError
from search.library.library import Library
from search.library.understanding import understand
from search.model import (
    Answer,
    AudioPart,
    Clip,
    ClipPart,
    HumPart,
    NotesPart,
    Query,
    RecommendQuery,
    SegmentPart,
    TextPart,
    TunePart,
)
from search.model.as_json import companions_as_json, path_as_json, understanding_as_json
from search.service.config import MAX_K, Limits
from search.service.http.answers.asked import AskOut
from search.service.http.answers.clips import ClipOut
from search.service.http.answers.hits import FacetsOut, SearchOut
from search.service.http.answers.overview import CompanionsOut, PathOut
from search.service.http.answers.recordings import DuplicatesOut
from search.service.http.hits import search_out
from search.service.http.listing import clip_out, the_clip
from search.service.http.requests.common import Language
from search.service.jobs.uploads import check_length
from search.service.media.files import file_of
from search.service.media.sounds import PlayedTune, RecordedSound, sound_of
from search.service.refusals import public_message

LISTENED_S: Final = 60.0
"""How much of a clip is sent to an assistant that listens."""
_FACETS: Final = 100

HowMany = Annotated[int, Field(ge=1, le=MAX_K, description="how many hits")]
WhereArgument = Annotated[
    str | None,
    Field(
        description="a filter, like: duration_s < 6 and tag = 'Dog'. Columns: duration_s, size_bytes, added (ISO dates "
        "in quotes), path, folder, title, format, tag, own_tag, remark, silent, missing; signs: = != < <= > >= and ~ "
        "for contains; joined by and, or, not"
    ),
]
SoundArgument = Annotated[
    str, Field(description="a sound file as base64, in any format, or (for a server on this machine) its absolute path")
]
AtSeconds = Annotated[float, Field(ge=0)]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Tools:
    """The tools over one library. With ``local_files``, a sound may be given as a path on this machine."""

    library: Library
    local_files: bool
    limits: Limits

    def search(
        self,
        words: Annotated[str, Field(min_length=1, max_length=1000, description="what it sounds like, or is called")],
        not_words: Annotated[str, Field(max_length=1000, description="what is not wanted")] = "",
        where: WhereArgument = None,
        k: HowMany = 10,
        language: Language | None = None,
    ) -> SearchOut:
        """Find sounds by words, in meaning and in names and metadata."""
        unwanted = (TextPart(not_words, -1.0),) if not_words.strip() else ()
        return self._search(Query((TextPart(words), *unwanted), k, where, language=language or ""))

    def ask(
        self,
        sentence: Annotated[str, Field(min_length=1, max_length=1000)],
        previous: Annotated[list[int], Field(description="clip ids of the last answer, best first")] = [],  # noqa: B006 - a schema's default, never changed
    ) -> AskOut:
        """Answer a whole question in plain English, like "short doors, no voices, like the second one but longer"."""
        understood = self._tried(lambda: understand(self.library, sentence, previous=previous))
        out = AskOut.model_validate({**understanding_as_json(understood), "answer": None})
        if any(part.weight > 0 for part in understood.query.parts):
            out.answer = self._search(understood.query)
        return out

    def search_by_example(
        self,
        sound: SoundArgument,
        start_s: AtSeconds = 0.0,
        end_s: AtSeconds | None = None,
        where: WhereArgument = None,
        k: HowMany = 10,
    ) -> SearchOut:
        """Find sounds like a file, or like the passage of it from start_s to end_s."""
        with self._file(sound, start_s, end_s) as path:
            return self._search(Query((AudioPart(path, start_s, end_s),), k, where))

    def search_by_passage(
        self, clip_id: int, start_s: AtSeconds, end_s: AtSeconds, where: WhereArgument = None, k: HowMany = 10
    ) -> SearchOut:
        """Find sounds like a passage of a clip of the library."""
        clip = self._clip(clip_id)
        if clip.notes:
            return self._search(Query((TunePart(clip.id, start_s, end_s),), k, where))
        with self._file(clip.absolute_path, start_s, end_s, is_own=True) as path:
            return self._search(Query((AudioPart(path, start_s, end_s, 1.0, clip.root.speed, clip.track),), k, where))

    def search_by_hum(self, sound: SoundArgument, k: HowMany = 10) -> SearchOut:
        """Find the tune that is hummed, sung or whistled in a file of 3 to 30 seconds."""
        with self._file(sound, 0.0, None) as path:
            return self._search(Query((HumPart(path),), k))

    def search_by_notes(
        self,
        notes: Annotated[str, Field(max_length=1000, description='like "C4 D4 E4:2 r G4", or ABC')],
        k: HowMany = 10,
    ) -> SearchOut:
        """Find a tune by its notes, in any key."""
        return self._search(Query((NotesPart(notes),), k))

    def similar(
        self,
        clip_id: int | None = None,
        segment_id: int | None = None,
        where: WhereArgument = None,
        k: HowMany = 10,
    ) -> SearchOut:
        """Find clips like a clip of the library, or like one segment that a hit named."""
        if (clip_id is None) == (segment_id is None):
            raise ToolError("give a clip_id or a segment_id, one of them")
        part = ClipPart(clip_id) if clip_id is not None else SegmentPart(segment_id or 0)
        return self._search(Query((part,), k, where))

    def recommend(
        self,
        likes: Annotated[list[int], Field(max_length=1000, description="clip ids")],
        dislikes: Annotated[list[int], Field(max_length=1000)] = [],  # noqa: B006 - a schema's default, never changed
        where: WhereArgument = None,
        k: HowMany = 10,
    ) -> SearchOut:
        """Recommend clips from liked and disliked ones; a varied sample without any."""
        query = RecommendQuery(tuple(map(ClipPart, likes)), tuple(map(ClipPart, dislikes)), k=k, where=where)
        return self._out(lambda: self.library.recommend(query))

    def path_between(
        self, start: int, end: int, steps: Annotated[int, Field(ge=2, le=64)] = 8, where: WhereArgument = None
    ) -> PathOut:
        """Find clips that lead from one clip to another in even steps."""
        found = self._tried(lambda: self.library.path_between(ClipPart(start), ClipPart(end), steps=steps, where=where))
        return PathOut.model_validate(path_as_json(found, paths="relative"))

    def goes_with(
        self, clip_id: int, where: WhereArgument = None, k: Annotated[int, Field(ge=1, le=1000)] = 10
    ) -> CompanionsOut:
        """Find other kinds of sounds that fit a clip in tempo and key, with the reasons."""
        found = self._tried(lambda: self.library.goes_with(clip_id, k=k, where=where))
        return CompanionsOut.model_validate(companions_as_json(found, paths="relative"))

    def tags(self, where: WhereArgument = None) -> FacetsOut:
        """Count the clips of the library by tag, length, date and folder, each with the filter that selects them."""
        return FacetsOut.model_validate(self._tried(lambda: self.library.clips.facets(where, limit=_FACETS)))

    def duplicates(
        self, offset: Annotated[int, Field(ge=0)] = 0, limit: Annotated[int, Field(ge=1, le=100)] = 20
    ) -> DuplicatesOut:
        """List groups of clips of the same recording, as copies or in another form, with the one worth keeping."""
        duplicates = self._tried(self.library.duplicates.groups)
        page = duplicates.groups[offset : offset + limit]
        body = {"total": len(duplicates.groups), "offset": offset, "current": duplicates.current, "groups": page}
        return DuplicatesOut.model_validate(body)

    # --- resources ------------------------------------------------------------------------------------------

    def clip(self, clip_id: int) -> ClipOut:
        """A clip with its metadata and tags."""
        self.library.giving_way.note_question()
        try:
            return clip_out(the_clip(self.library, clip_id))
        except NotFound as error:
            raise ResourceNotFoundError(str(error.description)) from error

    def audio(self, clip_id: int) -> bytes:
        """The first minute of a clip as WAV; notes are played."""
        self.library.giving_way.note_question()
        try:
            clip = the_clip(self.library, clip_id)
            sound = sound_of(file_of(clip).path, clip.track)
            if isinstance(sound, PlayedTune):
                return sound.wav()
            return RecordedSound(sound.path, sound.track).wav(LISTENED_S) if isinstance(sound, RecordedSound) else b""
        except NotFound as error:
            raise ResourceNotFoundError(str(error.description)) from error
        except SoundalikeError as error:
            raise ResourceError(public_message(error, self.library.path)) from error

    # --- how tools ask --------------------------------------------------------------------------------------

    def _search(self, query: Query) -> SearchOut:
        return self._out(lambda: self.library.search(query))

    def _out(self, ask: Callable[[], Answer]) -> SearchOut:
        return search_out(self._tried(ask))

    def _tried(self, ask: Callable[[], T]) -> T:
        """What ``ask`` returns; jobs give way to it. Raises ToolError with the public text of an error."""
        self.library.giving_way.note_question()
        try:
            return ask()
        except SoundalikeError as error:
            raise ToolError(public_message(error, self.library.path)) from error

    def _clip(self, clip_id: int) -> Clip:
        try:
            clip = the_clip(self.library, clip_id)
            file_of(clip)
        except NotFound as error:
            raise ToolError(str(error.description)) from error
        return clip

    @contextmanager
    def _file(self, sound: str, start_s: float, end_s: float | None, *, is_own: bool = False) -> Iterator[str]:
        """The path of a sound, after a check of its length. Raises ToolError."""
        with tempfile.TemporaryDirectory(prefix="soundalike-") as folder:
            path = sound if is_own else self._path(sound, Path(folder, "sound"))
            try:
                check_length(path, "the sound", self.limits.query_s, start_s, end_s)
            except AudioError as error:
                raise ToolError(str(error)) from error
            yield path

    def _path(self, sound: str, file: Path) -> str:
        if self.local_files and Path(sound[:4096]).is_absolute() and Path(sound[:4096]).is_file():
            return sound
        try:
            if len(sound) > self.limits.upload_bytes * 4 // 3:
                raise ToolError(f"the sound is larger than {self.limits.upload_bytes >> 20} MB")
            file.write_bytes(base64.b64decode(sound, validate=True))
        except (binascii.Error, ValueError) as error:
            where = "the absolute path of an existing file, or " if self.local_files else ""
            raise ToolError(f"the sound is not {where}base64") from error
        return str(file)
