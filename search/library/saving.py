"""Saved searches: keeping a question, asking it again, and what it finds among the clips that came since.

A question is kept as JSON of what ``POST /search`` takes. A part that is a sound names a file by its place, and the
file's bytes are kept beside it: whatever encoder a library has later hears the sound itself, so nothing of a question
depends on the vectors of now. A long file is kept as the passage that is asked with.
"""

from __future__ import annotations

import json
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from search import audio
from search.audio.passages import wav_passage
from search.errors import LibraryBusy, QueryError, SoundalikeError, UsageError, printable
from search.ground import webhooks
from search.ground.urls import is_in_store
from search.library.library import Library
from search.library.listening import LivePart
from search.library.lists import clips_among
from search.model import (
    LEAST,
    MAX_KEPT_SOUND_BYTES,
    MAX_MATCHES,
    Answer,
    Aspects,
    AudioPart,
    ClipPart,
    Hit,
    HumPart,
    NewSearch,
    NotesPart,
    Part,
    Query,
    SavedMatch,
    SavedSearch,
    SegmentPart,
    TextPart,
    TunePart,
)

SHOWN: Final = 10
_DEFAULTS: Final[Mapping[str, Any]] = {
    "start_s": 0.0,
    "end_s": None,
    "weight": 1.0,
    "speed": 1.0,
    "track": None,
    "aspects": None,
    "changes": (),
}
_NAMES: Final[Mapping[type[Part], str]] = {
    TextPart: "text",
    ClipPart: "clip_id",
    TunePart: "clip_id",
    SegmentPart: "segment_id",
    AudioPart: "audio",
    HumPart: "hum",
    NotesPart: "notes",
}


def save_search(
    library: Library, name: str, query: Query, *, least: float = LEAST, webhook: str = "", may_be_private: bool = True
) -> SavedSearch:
    """Keep a query under a name. What comes to the library from now on, and is at least so likely, is a new match.

    With a ``webhook`` (an address) new matches are posted there as JSON, signed with the `SavedSearch.secret` that is
    made here; to a network that is not public only where it ``may_be_private``.

    Raises QueryError for a name that is taken or none, a sound that is too large to be kept, a query that cannot be
    asked (`Library.search`); UsageError for an address that nothing can be posted to; AudioError for a file.

    Examples:
        >>> query = soundalike.Query((soundalike.AudioPart("door.wav"),))
        >>> saved = soundalike.save_search(library, "doors", query)
        >>> [hit.title for hit in soundalike.run_search(library, saved).hits][:1]
        ['door_slam']
        >>> library.searches.remove(saved.id)
        True
    """
    question, sounds = question_of(query)
    return add(library, NewSearch(name, json.dumps(question), sounds, least, webhook, "", may_be_private))


def add(library: Library, new: NewSearch) -> SavedSearch:
    """Save a search, once it is sure that it can be asked; one with a webhook gets a secret. Raises as that."""
    if new.webhook:
        check_webhook(new.webhook, may_be_private=new.may_be_private)
    with _query_of(library, json.loads(new.question), lambda place: new.sounds[place]) as query:
        if any(not space.is_melody for space in library.reader.spaces()):
            library.search(replace(query, k=1))
    return library.searches.add(replace(new, secret=secrets.token_hex(32) if new.webhook else ""))


def check_webhook(url: str, *, may_be_private: bool) -> None:
    """Raises UsageError for an address that nothing can be posted to."""
    if why := webhooks.why_not(url, may_be_private=may_be_private):
        raise UsageError(f"the webhook {printable(url)!r}: {why}")


def with_webhook(search: SavedSearch, webhook: str, *, may_be_private: bool) -> SavedSearch:
    """A saved search that posts to another address, or ("") to none; a new address gets a new secret.

    Raises UsageError for an address that nothing can be posted to.
    """
    if not webhook:
        return replace(search, webhook="", secret="", may_be_private=False)
    check_webhook(webhook, may_be_private=may_be_private)
    secret = search.secret if webhook == search.webhook else secrets.token_hex(32)
    return replace(search, webhook=webhook, secret=secret, may_be_private=may_be_private)


def named(library: Library, name: str) -> SavedSearch:
    """The saved search of this name. Raises UsageError that lists what there is."""
    known = {one.name: one for one in library.searches.all()}
    if name not in known:
        raise UsageError(f"there is no saved search {name!r}; there are: {', '.join(map(printable, known)) or 'none'}")
    return known[name]


def run_search(library: Library, search: SavedSearch, *, k: int | None = None, offset: int = 0) -> Answer:
    """The answer to a saved search on the library as it is now, as `Library.search` gives it; matches stay unseen.

    Raises as that does: for a clip of the question that is gone, or an encoder that cannot read it any more.

    Examples:
        >>> saved = soundalike.save_search(library, "rains", soundalike.Query((soundalike.TextPart("rain"),)))
        >>> len(soundalike.run_search(library, saved, k=1).hits)
        1
        >>> library.searches.remove(saved.id)
        True
    """
    with query_of(library, search) as query:
        return library.search(replace(query, k=query.k if k is None else k, offset=offset))


def new_matches(library: Library, search: SavedSearch) -> list[SavedMatch]:
    """What a saved search finds among the clips that came since it was looked at, now kept as unseen matches.

    A clip matches whose name says every word that is looked for, or that is at least `SavedSearch.least` likely. Empty
    where another process looks at the same time. What keeps a search from being asked is kept as its trouble.

    Raises LibraryError when the library is read-only or the disk is full.

    Examples:
        >>> saved = soundalike.save_search(library, "rains", soundalike.Query((soundalike.TextPart("rain"),)))
        >>> soundalike.new_matches(library, saved)
        []
        >>> library.searches.remove(saved.id)
        True
    """
    spaces = library.refresh().spaces
    if not spaces:
        return []
    clip_ids, mark = library.matches.candidates(search.mark, min(one.columns.sequence for one in spaces))
    if not clip_ids:
        return []
    try:
        with query_of(library, search) as query:
            among = clip_ids if query.among is None else sorted(set(clip_ids).intersection(query.among))
            asked = replace(query, k=min(MAX_MATCHES, max(1, len(among))), offset=0, among=tuple(among))
            hits = library.search(asked).hits
    except LibraryBusy:
        return []
    except SoundalikeError as error:
        if str(error) != search.trouble:
            library.matches.fail(search, str(error))
        return []
    return library.matches.keep(search, mark, [_match(search, hit) for hit in hits if _is_match(hit, search.least)])


def _is_match(hit: Hit, least: float) -> bool:
    return hit.by_name or (hit.probability is not None and hit.probability >= least)


def _match(search: SavedSearch, hit: Hit) -> SavedMatch:
    return SavedMatch(0, search.id, hit.clip_id, hit.start_s, hit.end_s, hit.score, hit.probability)


# --- questions as they are kept -----------------------------------------------------------------------------


def question_of(query: Query) -> tuple[dict[str, Any], tuple[bytes, ...]]:
    """A query as JSON, and the files that its parts name by their places. Raises QueryError, AudioError."""
    if query.among is not None or query.without:
        raise QueryError("a saved search keeps no clips by their numbers (among, without); say them with where")
    sounds: list[bytes] = []
    parts = [part_as_json(part, sounds) for part in query.parts]
    said: dict[str, Any] = {"parts": parts, "k": query.k}
    said |= {name: getattr(query, name) for name in ("where", "space", "language", "recall") if getattr(query, name)}
    return said | ({"collapse": True} if query.collapse else {}), tuple(sounds)


def part_as_json(part: Part, sounds: list[bytes]) -> dict[str, Any]:
    """A part as JSON; the file of a sound is put behind ``sounds``, by its place there. Raises as `question_of`."""
    fields = {name: value for name, value in asdict(part).items() if name in _DEFAULTS and value != _DEFAULTS[name]}
    if isinstance(part, AudioPart | HumPart):
        sound, is_cut = _sound(part)
        if is_cut:
            fields = {name: value for name, value in fields.items() if name not in ("start_s", "end_s", "track")}
        sounds.append(sound)
        return {_NAMES[type(part)]: str(len(sounds) - 1), **fields}
    value = next(getattr(part, name) for name in ("text", "clip_id", "segment_id", "notes") if hasattr(part, name))
    return {_NAMES[type(part)]: value, **fields}


def _sound(part: AudioPart | HumPart) -> tuple[bytes, bool]:
    """The file of a part, or where that is large the passage that is meant; and whether it is cut."""
    if is_in_store(part.path):
        raise QueryError(f"{printable(part.path)}: a sound in a store is not kept; copy it here first")
    file = Path(part.path)
    if not file.is_file() or file.stat().st_size <= MAX_KEPT_SOUND_BYTES:
        audio.probe(part.path)  # raises for what is no sound
        return file.read_bytes(), False
    end_s = part.end_s if part.end_s is not None else audio.probe(part.path).duration_s
    passage = None if end_s is None else wav_passage(part.path, part.start_s, end_s, part.track or 0)
    if passage is None or passage.size_bytes > MAX_KEPT_SOUND_BYTES:
        raise QueryError(
            f"a saved search keeps sounds of at most {MAX_KEPT_SOUND_BYTES >> 20} MB, and this one has more; ask with "
            "a passage of it, like long.wav#10-20"
        )
    return b"".join(passage.blocks), True


@contextmanager
def query_of(library: Library, search: SavedSearch) -> Iterator[Query]:
    """The query of a saved search, whose sounds lie in files for as long as the block takes.

    Raises QueryError for a list or a region of the map that is gone.
    """

    def sound(place: int) -> bytes:
        found = library.searches.sound(search.id, place)
        if found is None:
            raise QueryError(f"the saved search {search.name!r} has lost a sound; save it anew")
        return found

    with _query_of(library, json.loads(search.question), sound) as query:
        yield query


@contextmanager
def live_parts(library: Library, search: SavedSearch) -> Iterator[tuple[LivePart, ...]]:
    """What a saved search wants of a live sound; files are there for as long as the block takes.

    Raises QueryError where it asks for what no live sound has: a filter, a tune, a segment, something unwanted.
    """
    with query_of(library, search) as query:
        parts = tuple(part for part in query.parts if isinstance(part, LivePart) and part.weight > 0)
        if len(parts) < len(query.parts) or query.where or query.among is not None:
            raise QueryError(
                f"the saved search {search.name!r} cannot be listened for: it asks for more than words and sounds "
                "(a filter, a place, a tune, or something unwanted)"
            )
        yield parts


@contextmanager
def _query_of(library: Library, question: Mapping[str, Any], sound: Callable[[int], bytes]) -> Iterator[Query]:
    with tempfile.TemporaryDirectory(prefix="soundalike-") as folder:
        parts: list[Part] = []
        for one in question["parts"]:
            named_by = next((name for name in ("audio", "hum") if name in one), None)
            path = Path(folder, str(one[named_by])) if named_by else Path(folder)
            if named_by and not path.exists():
                path.write_bytes(sound(int(one[named_by])))
            parts.append(_part(library, one, str(path)))
        yield Query(
            tuple(parts),
            question.get("k", SHOWN),
            question.get("where"),
            question.get("space"),
            question.get("collapse", False),
            clips_among(library, question.get("region"), question.get("within")),
            without=_refused(question["parts"]),
            language=question.get("language") or "",
            recall=question.get("recall"),
        )


def _refused(parts: Sequence[Mapping[str, Any]]) -> tuple[int, ...]:
    """A refused passage stands for its clip."""
    return tuple(one["clip_id"] for one in parts if "clip_id" in one and one.get("weight", 1.0) < 0)


def _part(library: Library, said: Mapping[str, Any], path: str) -> Part:
    fields = {name: value for name, value in said.items() if name in _DEFAULTS and value is not None}
    if "aspects" in fields:
        fields["aspects"] = Aspects(**fields["aspects"])
    if "changes" in fields:
        fields["changes"] = tuple(fields["changes"])
    if "text" in said:
        return TextPart(said["text"], **fields)
    if "notes" in said:
        return NotesPart(said["notes"], **fields)
    if "segment_id" in said:
        return SegmentPart(said["segment_id"], **fields)
    if "audio" in said:
        return AudioPart(path, **fields)
    if "hum" in said:
        return HumPart(path, **fields)
    return _clip(library, said["clip_id"], fields)


def _clip(library: Library, clip_id: int, fields: Mapping[str, Any]) -> Part:
    """A clip, or the passage of it, which is listened to in its file."""
    clip = next(iter(library.reader.clips([clip_id])), None)
    if clip is None or not (fields.get("start_s") or fields.get("end_s") is not None):
        plain = {name: value for name, value in fields.items() if name not in ("start_s", "end_s")}
        return ClipPart(clip_id, **plain)
    if clip.notes:
        return TunePart(clip_id, **{name: fields[name] for name in ("start_s", "end_s", "weight") if name in fields})
    speed = next((root.speed for root in library.roots() if root.id == clip.root.id), 1.0)
    return AudioPart(clip.absolute_path, **{**fields, "speed": speed, "track": clip.track})
