"""What comes back. Read from the engine's frozen values, written as JSON by pydantic, described by OpenAPI."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from search.service.http.described import Described


def text(path: str) -> str:
    """A path as JSON can write it: bytes that are no UTF-8 become replacement characters."""
    return path if path.isascii() else path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


RelativePath: TypeAlias = Annotated[str, BeforeValidator(text)]
Share: TypeAlias = Annotated[float, AfterValidator(partial(round, ndigits=4))]
Seconds: TypeAlias = Annotated[float, AfterValidator(partial(round, ndigits=3))]


class Answered(Described, BaseModel):
    """Built from frozen values by their attributes."""

    model_config = ConfigDict(from_attributes=True)


class TagOut(Answered):
    """A class of the encoder's vocabulary with its probability."""

    name: str
    probability: Share


class ViaOut(Answered):
    """Why a hit was found: a part of the query by its place; shares sum to 1."""

    part: str
    share: Share


class HitOut(Answered):
    """A clip with its best passage. ``path`` is relative to the clip's root; ``copies``: what it stands for.

    ``track`` is the sound track of the file that it is in, counted from 0. ``own_tags`` are those that a person set.
    ``notes``: whether the file holds notes (MIDI), not sound. ``remark``: what a person wrote of it.
    ``facts``, where they were asked for: what it is, by name; null where nobody measured it. ``same``: whether it is
    the content that was asked with, another shape of its recording, or its tune.
    """

    clip_id: int
    segment_id: int
    path: RelativePath
    title: str
    start_s: float
    end_s: float
    score: float
    probability: float | None
    own_tags: list[str]
    tags: list[TagOut]
    via: list[ViaOut]
    copies: list[int]
    same: Literal["content", "recording", "tune"] | None = None
    track: int
    notes: bool
    remark: str
    facts: dict[str, float | str | list[str]] | None = None


class FacetOut(Answered):
    """How many clips have a value; ``where`` is the filter that selects exactly these."""

    value: str
    count: int
    where: str


class FacetsOut(Answered):
    """Counts over ``clips`` clips: tags and folders most frequent first, durations and dates in their order."""

    clips: int
    own_tags: list[FacetOut]
    tags: list[FacetOut]
    durations: list[FacetOut]
    added: list[FacetOut]
    folders: list[FacetOut]
    facts: dict[str, list[FacetOut]]


class LikelyOut(Answered):
    """How many clips are meant rather than not: their probability is ``least`` or more, or their name says every word.

    Not ``is_all``: there are more of them.
    """

    clips: int
    least: float
    is_all: bool


class SearchOut(Answered):
    """The hits, best first, and whether the library has what was asked for at all; ``reason``: why not, if known."""

    verdict: Literal["good", "weak", "none"]
    hits: list[HitOut]
    took_ms: float
    reason: str
    next_offset: int | None = None
    did_you_mean: str = ""
    language: str = ""
    gone: list[str] = []
    warnings: list[str] = []
    nearest: list[FacetOut] = []
    likely: LikelyOut | None = None
    facets: FacetsOut | None = None


class SuggestionOut(Answered):
    """Words that find something here."""

    text: str
    kind: Literal["tag", "own_tag", "name"]
    clips: int


class SuggestionsOut(Answered):
    """What can be asked of the library in words."""

    suggestions: list[SuggestionOut]


class AskedTextOut(Answered):
    """Words, as a part that `POST /search` takes."""

    text: str
    weight: float


class AskedClipOut(Answered):
    """A clip, as a part that `POST /search` takes."""

    clip_id: int
    weight: float


class AskedQueryOut(Answered):
    """A query, as `POST /search` takes it."""

    parts: list[AskedTextOut | AskedClipOut]
    k: int
    where: str | None
    collapse: bool


class TermOut(Answered):
    """Words of a sentence, and what they became."""

    said: str
    kind: Literal["words", "unwanted", "like", "unlike", "filter", "count", "collapse"]
    means: str


class AskOut(Answered):
    """A sentence as a query, term by term; ``not_understood`` filters nothing."""

    sentence: str
    query: AskedQueryOut
    terms: list[TermOut]
    not_understood: list[str]
    read_by: Literal["rules", "model"]
    note: str
    answer: SearchOut | None


class EmbeddingOut(Answered):
    """The vector of one input."""

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str


class UsageOut(Answered):
    """What OpenAI's clients expect to be counted."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingsOut(Answered):
    """Vectors, in OpenAI's shape."""

    object: Literal["list"] = "list"
    data: list[EmbeddingOut]
    model: str
    usage: UsageOut


class ClipOut(Answered):
    """A clip. ``path`` is relative to root ``root_id``; ``added`` is seconds since 1970, UTC.

    ``own_tags`` are those that a person set; before anybody did, the keywords of its file. ``remark`` is what a person
    wrote of it, empty where nobody did.

    ``track`` is its sound track in the file, counted from 0, of ``tracks`` (0 where nobody counted). ``warnings``: what
    was amiss with the file when it was decoded. ``notes``: whether the file holds notes (MIDI), not sound.
    """

    id: int
    root_id: int
    path: RelativePath
    title: str
    duration_s: Seconds
    size_bytes: int
    added: Seconds
    silent: bool
    missing: bool
    metadata: dict[str, str]
    own_tags: list[str]
    tags: list[TagOut]
    track: int
    tracks: int
    warnings: list[str]
    notes: bool
    remark: str


class FactsOut(Answered):
    """What a clip is. A fact is a number, a word, or words; one that means nothing for the clip is not there."""

    clip_id: int
    facts: dict[str, float | str | list[str]]


class ClipFactsOut(FactsOut):
    """The same beside how long the clip is; not ``measured``: nobody listened to it yet, and its facts are unknown."""

    duration_s: Seconds
    measured: bool


class ManyFactsOut(Answered):
    """What clips are, in the order in which they were asked for; unknown clips are left out."""

    facts: list[ClipFactsOut]


class DefectsOut(Answered):
    """How many clips have which defect; ``unmeasured`` sounds have not been looked at yet."""

    defects: list[FacetOut]
    unmeasured: int


class ClipsOut(Answered):
    """A page of clips; ``total`` counts all that pass the filter. ``facets`` are there when they were asked for.

    ``unmeasured`` clips have no facts yet, so that a filter over facts, or an order by one, could not know them.
    """

    total: int
    unmeasured: int = 0
    offset: int
    clips: list[ClipOut]
    facets: FacetsOut | None = None


class PeaksOut(Answered):
    """The waveform: lowest and highest sample, in [-1, 1], of each of equal stretches between the two times."""

    start_s: Seconds
    end_s: Seconds
    low: list[float]
    high: list[float]


class NotesOut(Answered):
    """The notes of a tune, by start; the three lists go together. A pitch is a MIDI note number: 69 is A4, 440 Hz."""

    start_s: list[Seconds]
    end_s: list[Seconds]
    pitch: list[float]


class ClipPeaksOut(Answered):
    """The waveform of a whole clip, or the notes of a MIDI file.

    ``low`` and ``high`` are empty where it has none: its file is away, or holds notes.
    """

    clip_id: int
    end_s: Seconds
    low: list[float]
    high: list[float]
    notes: NotesOut | None = None


class ManyPeaksOut(Answered):
    """Waveforms, in the order in which they were asked for; unknown clips are left out."""

    peaks: list[ClipPeaksOut]


class ProgressOut(Answered):
    """How far a job is.

    `share` is how much of the work is done, long files part by part; `left_s` how long the rest will take, if known.
    """

    files_done: int
    files_total: int
    failed: int
    audio_s: Seconds
    share: Share
    left_s: Seconds | None


class FailureOut(Answered):
    """A file that could not be indexed, and why."""

    file: str
    cause: str


class JobOut(Answered):
    """A job. Times are seconds since 1970, UTC. ``clip_ids`` are the clips of its files, once they are there."""

    id: int
    kind: Literal["index", "scan", "remove", "duplicates", "map", "facts", "events"]
    state: Literal["queued", "running", "paused", "done", "failed", "cancelled"]
    files: list[str]
    created: Seconds
    started: Seconds | None
    finished: Seconds | None
    progress: ProgressOut
    failures: list[FailureOut]
    clip_ids: list[int]
    reason: str | None


class JobsOut(Answered):
    """A page of jobs, newest first."""

    total: int
    offset: int
    jobs: list[JobOut]


class RootOut(Answered):
    """A folder that the library indexes. ``scanned`` is seconds since 1970, UTC.

    ``path`` is where it lies on the service's machine, null where clients are not told; ``name`` its last part.
    """

    id: int
    name: str
    path: str | None
    present: bool
    clips: int
    missing: int
    scanned: Seconds | None


class RootsOut(Answered):
    """The folders that the library indexes, beside ``uploads``: the clips whose files were sent to it.

    ``addable``: whether a folder can be added by its path.
    """

    roots: list[RootOut]
    uploads: int
    addable: bool


class HealthOut(Answered):
    """The process answers."""

    status: Literal["ok"]


class DegradedOut(Answered):
    """Something that does not work now, and ``why``. Searches do.

    ``writing``: nothing can be kept, so uploads, new jobs, feedback and changes of clips are refused. ``jobs``: those
    that wait do not go on; they will, by themselves, once the cause is gone.
    ``snapshots``: what another machine published last cannot be fetched; answers are right, and take longer.
    ``catalog``: it does not answer, nor does this service until it does.
    """

    what: Literal["writing", "jobs", "snapshots", "catalog"]
    why: str


class ReadyOut(Answered):
    """The library is open and can be searched; ``melody``: by humming too. ``jobs`` are those that wait or run;
    ``giving_way``: slower than they could, since somebody asks something at this moment.

    ``unmeasured`` clips have sound and no facts yet: a service with nothing else to do measures them.

    ``starting``, within seconds of the start: questions are answered, but those by sound and by words wait for a model.
    ``away``: the catalog does not answer, so nothing is known of the rest.
    ``warm``: the models of its spaces are loaded; those of a space that is new are soon after it is.
    """

    status: Literal["ready", "starting", "away"]
    clips: int
    segments: int
    spaces: list[str]
    melody: bool
    unmeasured: int
    jobs: int
    giving_way: bool
    warm: bool
    degraded: list[DegradedOut]


class JobEvent(Answered):
    """A server-sent event: ``data`` is a job as JSON, ``id`` its version."""

    event: Literal["job"]
    id: str
    data: str


class BatchedOut(Answered):
    """The answer to one of several questions, or what is wrong with that question."""

    answer: SearchOut | None
    error: str | None


class RecommendBatchOut(Answered):
    """An answer for each question, in their order."""

    answers: list[BatchedOut]


class OpinionOut(Answered):
    """What someone thought of a clip, and when."""

    clip_id: int
    opinion: Literal["like", "dislike", "seen"]
    weight: float
    at: Seconds


class FeedbackOut(Answered):
    """Everything known under a name, newest first."""

    profile: str
    feedback: list[OpinionOut]


class CollectedOut(Answered):
    """A clip of a collection, the passage that is meant (null: all of it), and since when it is there."""

    clip_id: int
    start_s: float | None
    end_s: float | None
    at: Seconds


class CollectionOut(Answered):
    """A collection and its clips, oldest first; ``created`` is seconds since 1970, UTC."""

    id: int
    name: str
    created: Seconds
    clips: list[CollectedOut]


class CollectionSummaryOut(Answered):
    """A collection, and how many clips it has."""

    id: int
    name: str
    clips: int
    created: Seconds


class CollectionsOut(Answered):
    """Every collection, by name."""

    collections: list[CollectionSummaryOut]


class SavedSearchOut(Answered):
    """A saved search. ``query`` is what ``POST /search`` takes, its sounds named by their places.

    ``unseen``: how many matches came since somebody looked. ``trouble``: why it could not be asked the last time.
    ``secret`` is what posts to the ``webhook`` are signed with; it is told once, when the address is set.
    """

    id: int
    name: str
    query: dict[str, Any]
    sounds: int
    least: Share
    created: Seconds
    unseen: int
    trouble: str
    webhook: str
    secret: str | None = None


class SavedSearchesOut(Answered):
    """Every saved search, by name; ``unseen`` matches of all."""

    searches: list[SavedSearchOut]
    unseen: int


class SavedMatchOut(Answered):
    """A clip that came, or whose sound changed, since a search was saved, and that it finds."""

    id: int
    search_id: int
    search: str
    clip_id: int
    path: RelativePath
    title: str
    start_s: Seconds
    end_s: Seconds
    score: float
    probability: Share | None
    seen: bool


class SavedMatchesOut(Answered):
    """Matches of saved searches, oldest first."""

    matches: list[SavedMatchOut]


class SavedMatchEvent(Answered):
    """A server-sent event: ``data`` is a new match as JSON, ``id`` its number."""

    event: Literal["match"]
    id: str
    data: str


class DuplicateOut(Answered):
    """A clip of a group: a ``copy`` has the same bytes, the ``same recording`` may begin later or be louder.

    ``lossless``, ``bandwidth_hz``, ``silence_s`` and ``clipped`` say what each is worth; null: not measured.
    """

    clip_id: int
    kind: Literal["kept", "copy", "same recording"]
    offset_s: Seconds
    gain_db: Share | None
    similarity: Share
    lossless: bool
    bandwidth_hz: float | None
    silence_s: Seconds | None
    clipped: float | None


class DuplicateGroupOut(Answered):
    """Clips of one recording; ``keep`` is the one worth keeping, and ``why`` says why."""

    keep: int
    why: str
    clips: list[DuplicateOut]


class DuplicatesOut(Answered):
    """A page of the groups, largest first. ``current`` is false when clips came or went since they were looked for."""

    total: int
    offset: int
    current: bool
    groups: list[DuplicateGroupOut]


class MergedClipOut(Answered):
    """A clip that left the library in a merge; ``path`` is where its file lay, below its root."""

    clip_id: int
    path: str
    title: str


class MergeOut(Answered):
    """A merge that can be undone: the clip that was kept, and those that left, at a time in seconds since 1970."""

    id: int
    keep: int
    at: Seconds
    clips: list[MergedClipOut]


class MergesOut(Answered):
    """A page of the merges that can be undone, newest first, and how many there are."""

    total: int
    offset: int
    merges: list[MergeOut]


class UnmergedOut(Answered):
    """What came back when a merge was undone, and a line for all that is not as it was before."""

    restored: list[int]
    notes: list[str]


class RecognitionOut(Answered):
    """A passage of a sound that is one of a clip."""

    clip_id: int
    path: str
    title: str
    query_start_s: float
    query_end_s: float
    start_s: float
    end_s: float
    speed: float
    probability: float
    landmarks: int
    copies: list[int]


class IdentificationOut(Answered):
    """Which recordings a sound is of: of a short one the likeliest first, of a long one in order of time."""

    recognitions: list[RecognitionOut]
    duration_s: float
    fingerprinted: int
    fingerprinted_earlier: int = 0
    contents: int
    warnings: list[str] = []


class EventOut(Answered):
    """From ``start_s`` to ``end_s`` of a clip, what is called ``name`` sounds; ``probability`` at its best."""

    name: str
    start_s: float
    end_s: float
    probability: float


class StretchOut(Answered):
    """From ``start_s`` to ``end_s`` somebody speaks."""

    start_s: float
    end_s: float


class SpokenWordOut(Answered):
    """A word that is said from ``start_s`` to ``end_s``; ``probability`` is the recogniser's own."""

    text: str
    start_s: float
    end_s: float
    probability: float


class SpokenLineOut(Answered):
    """Words that are said one after the other."""

    text: str
    start_s: float
    end_s: float
    words: list[SpokenWordOut]


class TranscriptOut(Answered):
    """What is said in a clip. ``stored``: it was recognised before; ``language`` is "" where no word was understood."""

    clip_id: int
    path: RelativePath
    title: str
    duration_s: float
    stored: bool
    recogniser: str
    language: str
    language_probability: float
    voiced: list[StretchOut]
    lines: list[SpokenLineOut]


class SayingOut(Answered):
    """A passage that says what was asked for, and the ``line`` that it stands in; ``score``: higher is closer."""

    clip_id: int
    path: RelativePath
    title: str
    track: int
    start_s: float
    end_s: float
    score: float
    language: str
    line: SpokenLineOut


class SayingsOut(Answered):
    """Passages, best first. ``transcribed`` of the library's ``contents`` were listened to for words."""

    sayings: list[SayingOut]
    took_ms: float
    transcribed: int
    contents: int
    next_offset: int | None


class TimeLineOut(Answered):
    """The events of a clip, in order of time. ``stored``: they were found before; else they were found just now."""

    clip_id: int
    path: RelativePath
    title: str
    duration_s: float
    stored: bool
    events: list[EventOut]


class MomentOut(Answered):
    """A passage of a clip with boundaries of its own; a segment's (not ``exact``) where its file could not be read."""

    clip_id: int
    path: RelativePath
    title: str
    track: int
    start_s: float
    end_s: float
    score: float
    exact: bool


class MomentsOut(Answered):
    """The passages that a question found, best first."""

    moments: list[MomentOut]
    took_ms: float
    next_offset: int | None


class NamedClipOut(Answered):
    """A clip by its name."""

    clip_id: int
    path: RelativePath
    title: str


class PathOut(Answered):
    """Clips from one sound to another, in order, and how alike the two of each step are: one more than clips.

    ``least`` is that of the largest step, ``straight`` what each would be on a straight way, ``direct`` of both ends.
    """

    clips: list[NamedClipOut]
    similarities: list[float]
    least: float
    straight: float
    direct: float


class CompanionOut(Answered):
    """A clip that goes with another: it runs ``times`` as fast once it is played ``stretch`` as fast; and why."""

    clip_id: int
    path: RelativePath
    title: str
    score: float
    tempo: float | None
    times: float | None
    stretch: float | None
    key: str | None
    relation: Literal["same", "relative", "fifth"] | None
    similarity: float
    reasons: list[str]


class CompanionsOut(Answered):
    """What goes with a clip of a tempo and a key, best first; clips that nobody measured may, too."""

    tempo: float | None
    key: str | None
    hits: list[CompanionOut]
    unmeasured: int


class MapOut(Answered):
    """Where each clip lies: clips that sound alike lie close, mostly within 0 to 1. The four lists go together.

    ``groups`` are what was asked for, at most eight: else the tags that are most often a clip's likeliest (folders, in
    a library without tags). ``wheres`` are the filters that select them; of what a profile liked the list for `within`.
    ``group`` is a clip's place among them, -1 for any other.
    """

    fitted: int
    clip_ids: list[int]
    x: list[float]
    y: list[float]
    group: list[int]
    groups: list[str]
    wheres: list[str]
