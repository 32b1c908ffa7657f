"""``/made`` and ``/composed``: generated sounds. They are marked as generated, and are in no library.

The same parameters give the same bytes, so these are GETs: an audio element can play them, a link can save them.
"""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Callable
from importlib.metadata import version
from typing import Final

from flask import Response
from flask_openapi3 import APIBlueprint, Tag
from werkzeug.exceptions import UnprocessableEntity

from search.analysis.melody.model import Notes
from search.analysis.melody.notation import parse_notes
from search.errors import UsageError
from search.making import composing, simple
from search.making.marking import MADE, as_wav, named
from search.making.playing import as_midi, played, soundfont
from search.making.recipes import RATE_HZ
from search.service.http.answers.media import MadeOut
from search.service.http.files import sent
from search.service.http.listing import the_clip
from search.service.http.replies import reply, revisable
from search.service.http.requests.making import ComposedOf, MadeOf, MadeSoundOf, PlayedTuneOf
from search.service.media.files import file_of
from search.service.routes.media import WAV, ranged
from search.service.routes.view import view
from search.service.service import Service

TAG = Tag(name="making", description="Generated sounds, which are in no library.")
MIDI: Final = "audio/midi"
LONGEST_S: Final = 60.0
"""Longest simple sound: five minutes, which the command allows, would take hundreds of megabytes."""
LONGEST_TUNE_S: Final = 120.0

log = logging.getLogger("soundalike.service")


class MakingRoutes:
    """Making simple sounds, and continuing tunes."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def register(self, api: APIBlueprint) -> None:
        """Add the endpoints."""
        api.get("/made", tags=[TAG], responses={200: MadeOut})(view(self.made))
        api.get("/made.wav", tags=[TAG], responses=ranged(WAV))(view(self.made_sound))
        api.get("/composed.wav", tags=[TAG], responses=ranged(WAV))(view(self.composed_sound))
        api.get("/composed.mid", tags=[TAG], responses=ranged(MIDI))(view(self.composed_notes))

    def made(self, query: MadeOf) -> Response:
        """Check whether a simple sound can be made from words, and if not, why."""
        why = simple.why_not(query.words, LONGEST_S)
        return revisable(reply(MadeOut(can_be_made=why is None, why=why, kinds=list(simple.KINDS))))

    def made_sound(self, query: MadeSoundOf) -> Response:
        """Make a simple sound from words: beeps, bells, knocks, noise. 422 names words that cannot be made.

        The comment in the file says that it was generated. It lasts a minute at most.
        """
        if why := simple.why_not(query.words, LONGEST_S):
            raise UnprocessableEntity(why)

        def make() -> bytes:
            return as_wav(simple.made(query.words, query.seed), RATE_HZ, query.words, "by soundalike make")

        return self._sent(f"made {query.seed} {query.words}", make, WAV, f"{named(query.words)}.wav")

    def composed_sound(self, query: PlayedTuneOf) -> Response:
        """Continue a tune, or vary it, with a model of songs; the sound is marked as generated.

        It begins with up to the last 64 notes of the given tune, and lasts two minutes at most.
        """
        about, title, given = self._given(query)

        def make() -> bytes:
            tune = _composed(given(), query)
            try:
                wave, rate_hz = played(tune, soundfont(None), query.instrument)
            except UsageError:  # its text has paths of this machine
                log.warning("a soundfont cannot be played; notes are plucked instead", exc_info=True)
                wave, rate_hz = played(tune, None)
            return as_wav(wave, rate_hz, title, f"by soundalike compose: {title}")

        return self._sent(f"{about} played by {query.instrument}", make, WAV, f"{named(title)}.wav")

    def composed_notes(self, query: ComposedOf) -> Response:
        """Continue a tune, or vary it, as a MIDI file."""
        about, title, given = self._given(query)

        def make() -> bytes:
            return as_midi(_composed(given(), query), comment=f"{MADE} by soundalike compose: {title}")

        return self._sent(f"{about} as notes", make, MIDI, f"{named(title)}.mid")

    def _given(self, query: ComposedOf) -> tuple[str, str, Callable[[], Notes]]:
        """The cache key of the tune, its title, and a function that returns the notes to begin with.

        Raises NotFound for an unknown clip, UnprocessableEntity, QueryError for invalid notes.
        """
        if (query.notes is None) == (query.clip_id is None):
            raise UnprocessableEntity("give either notes or clip_id: the tune to begin with")
        if query.varied and query.count is not None:
            raise UnprocessableEntity("count adds notes, and a variation adds none: leave one of them out")
        what = f"varied {query.seed}" if query.varied else f"going on {query.seed} {query.count}"
        if query.notes is not None:
            notes = parse_notes(query.notes)
            return f"{what} {query.notes}", "tune", lambda: notes
        clip = the_clip(self._service.library, query.clip_id or 0)
        longest_s = self._service.config.limits.query_s
        if not clip.notes and clip.duration_s > longest_s:
            raise UnprocessableEntity(f"longer than {longest_s:g} s: choose a shorter clip to begin with")
        file = self._service.library.catalog.file(clip.id)
        digest = "" if file is None else file.digest
        return (
            f"{what} {digest} {clip.track}",
            clip.title,
            lambda: composing.notes_in(file_of(clip).path, clip.track, holds_notes=clip.notes),
        )

    def _sent(self, about: str, make: Callable[[], bytes], media_type: str, name: str) -> Response:
        """Send the generated file; it is made once, then read from the cache."""
        about = f"{about} {version('soundalike')}"

        def work() -> bytes:
            with self._service.decodes.taken(), self._service.metrics.stage("make"):
                return make()

        body = self._service.cache.get(about, work)
        etag = hashlib.sha256(about.encode("utf-8", "surrogateescape")).hexdigest()[:32]
        return sent(io.BytesIO(body), media_type, name, etag)


def _composed(given: Notes, query: ComposedOf) -> Notes:
    """The new tune. Raises QueryError for a tune with too few notes, UnprocessableEntity for one that is too long."""
    count = composing.NOTES if query.count is None else query.count
    tune = composing.variation(given, query.seed) if query.varied else composing.going_on(given, count, query.seed)
    if tune.duration_s > LONGEST_TUNE_S:
        raise UnprocessableEntity(
            f"that lasts {tune.duration_s:.0f} s; at most {LONGEST_TUNE_S:g} s are allowed: ask for fewer notes"
        )
    return tune
