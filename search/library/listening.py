"""What a library watches for in a stream: classes, words, sounds, and its own recordings.

Only what is needed is loaded. Recordings need fingerprints and no encoder, sounds an encoder with a calibration,
classes and words a `FrameReader`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from search.analysis.exact.table import FingerprintTable
from search.catalog.store import Catalog
from search.engine.asking import PartReader
from search.engine.views import LibraryView, SpaceView
from search.errors import QueryError
from search.library.events import frame_reader, view_with_events
from search.library.live.watching import Classes, ForSearch, LiveWatch, WatchedRecordings, WatchedSound, classes_meant
from search.model import AudioPart, ClipPart, SavedSearch, Space, TextPart
from search.ports import Encoder, WordReader

RATE_HZ: Final = 32_000
WINDOW_S: Final = 5.0
"""The window of a stream if no encoder defines one."""


LivePart: TypeAlias = TextPart | AudioPart | ClipPart
"""The parts that can be watched for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to watch for: classes by name, words, sounds, and (``recordings``) the library's own recordings.

    ``searches`` are saved searches with their parts (`search.library.saving.live_parts`): any part is a match.
    """

    events: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    sounds: tuple[AudioPart | ClipPart, ...] = ()
    recordings: bool = False
    searches: tuple[tuple[SavedSearch, tuple[LivePart, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class PreparedWatches:
    """The watches of a stream, with the sample rate and window length that they need."""

    rate_hz: int
    window_s: float
    watches: tuple[LiveWatch, ...]


def prepare_watches(
    watch_for: Wanted,
    view: LibraryView,
    encoder_of: Callable[[Space], Encoder],
    catalog: Catalog,
    fingerprints: Callable[[], FingerprintTable],
) -> PreparedWatches:
    """Make the watches. Raises QueryError (something is missing in the library, nothing to watch for), AudioError."""
    watches: list[LiveWatch] = []
    rate_hz, window_s = RATE_HZ, WINDOW_S
    saved = [(search, part) for search, parts in watch_for.searches for part in parts]
    if watch_for.events or watch_for.words or watch_for.sounds or saved:
        named = bool(watch_for.events or watch_for.words or any(isinstance(part, TextPart) for _, part in saved))
        space = view_with_events(view.of()) if named else view.of()[0]
        encoder = encoder_of(space.space)
        rate_hz, window_s = encoder.spec.sample_rate_hz, encoder.spec.window_s
        # those that need frames come first: what they compute serves the others
        watches += _of_frames(watch_for, encoder, space.space.vocabulary or ()) if named else []
        watches += [_example(part, space, encoder) for part in watch_for.sounds]
        watches += [
            ForSearch(_example(part, space, encoder), search.id, search.name, search.least)
            for search, part in saved
            if not isinstance(part, TextPart)
        ]
    if watch_for.recordings:
        watches.append(_recordings(fingerprints(), catalog))
    if not watches:
        raise QueryError("say what to watch for: --events, --text, --audio, --clip, --saved or --exact")
    return PreparedWatches(rate_hz, window_s, tuple(watches))


def _of_frames(watch_for: Wanted, encoder: Encoder, vocabulary: Sequence[str]) -> list[LiveWatch]:
    """Make the watches for classes and words."""
    frames = frame_reader(encoder)
    watches: list[LiveWatch] = []
    if watch_for.events:
        places = [_class(name, vocabulary) for name in watch_for.events]
        watches.append(Classes(frames, tuple(vocabulary[place] for place in places), tuple(places)))
    saved = [
        (search, part.text) for search, parts in watch_for.searches for part in parts if isinstance(part, TextPart)
    ]
    words = [*watch_for.words, *(text for _, text in saved)]
    if not words:
        return watches
    if not isinstance(encoder, WordReader):
        raise QueryError(f"{encoder.spec.name} cannot read words; watch for events or sounds")
    meant = encoder.read_text(words).meant
    read: list[LiveWatch] = [
        classes_meant(text, row, vocabulary, frames) for text, row in zip(words, meant, strict=True)
    ]
    count = len(watch_for.words)
    for_searches = (
        ForSearch(watch, search.id, search.name, search.least)
        for watch, (search, _) in zip(read[count:], saved, strict=True)
    )
    return [*watches, *read[:count], *for_searches]


def _recordings(fingerprints: FingerprintTable, catalog: Catalog) -> WatchedRecordings:
    if not len(fingerprints):
        raise QueryError("no recording has fingerprints yet; run: soundalike fingerprints")
    return WatchedRecordings(fingerprints, _titles(fingerprints, catalog))


def _class(name: str, vocabulary: Sequence[str]) -> int:
    """Return the index of a class in a vocabulary, ignoring case. Raises QueryError, which names similar classes."""
    folded = [one.casefold() for one in vocabulary]
    if name.casefold() in folded:
        return folded.index(name.casefold())
    near = [one for one in vocabulary if name.casefold() in one.casefold()][:5]
    hint = f"; similar: {', '.join(near)}" if near else "; soundalike tags lists them"
    raise QueryError(f"no class is called {name!r}{hint}")


def _example(part: AudioPart | ClipPart, view: SpaceView, encoder: Encoder) -> WatchedSound:
    asked = PartReader(lambda _space: encoder).ask_each([part], [view])[0]
    if asked.vector is None or encoder.spec.calibration is None:
        raise QueryError(f"{encoder.spec.name} cannot compare sounds with live audio")
    return WatchedSound(encoder, asked.parts[0].label, np.asarray(asked.vector, np.float32), encoder.spec.calibration)


def _titles(fingerprints: FingerprintTable, catalog: Catalog) -> dict[int, tuple[int, str]]:
    """Map each content with fingerprints to the id and title of a clip."""
    clips_of = catalog.clips_of(fingerprints.contents.tolist())
    firsts = {content: ids[0] for content, ids in clips_of.items() if ids}
    clips = {clip.id: clip.title for clip in catalog.clips(list(firsts.values()))}
    return {content: (clip_id, clips[clip_id]) for content, clip_id in firsts.items() if clip_id in clips}
