"""Answers as JSON with the fields of docs/reference/fields.md, for the command line and REST.

The functions return plain Python values, so that the caller chooses the encoding.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from search.model.companions import Companions
from search.model.comparing import Comparison
from search.model.contents import Clip
from search.model.events import TimeLine
from search.model.identifying import Identification, Recognition
from search.model.moments import Moment, Moments
from search.model.paths import SoundPath
from search.model.queries import Answer, ClipPart, Hit, Likely, Query, TextPart
from search.model.sentences import Understanding
from search.model.speech import Saying

Paths: TypeAlias = Literal["absolute", "relative"]
"""How paths are given: absolute on this machine, or relative to the clip's root."""


FactsOf: TypeAlias = Mapping[int, Mapping[str, float | str | tuple[str, ...]]]
"""Maps clip id and fact name to a measured value."""


def answer_as_json(answer: Answer, paths: Paths, facts: FactsOf | None = None) -> dict[str, Any]:
    """Return ``answer`` with its hits, best first, and their ``facts`` if given. For example::

    json.dumps(answer_as_json(library.search(query), paths="absolute"))
    """
    return {
        "verdict": answer.verdict,
        "hits": [hit_as_json(hit, paths, facts) for hit in answer.hits],
        "took_ms": round(answer.took_ms, 3),
        "reason": answer.reason,
        "next_offset": answer.next_offset,
        "did_you_mean": answer.did_you_mean,
        "language": answer.language,
        "gone": list(answer.gone),
        "warnings": list(answer.warnings),
        "nearest": [{"value": one.value, "count": one.count, "where": one.where} for one in answer.nearest],
        "likely": None if answer.likely is None else _likely_as_json(answer.likely),
        "recall": answer.recall,
    }


def _likely_as_json(likely: Likely) -> dict[str, Any]:
    return {"clips": len(likely.clip_ids), "least": likely.least, "is_all": likely.is_all}


def hit_as_json(hit: Hit, paths: Paths, facts: FactsOf | None = None) -> dict[str, Any]:
    """Return one hit. Times are rounded to milliseconds, probabilities and shares to four digits, scores to six.

    With ``facts`` the hit includes its facts, None if it was not measured.
    """
    known = None if facts is None else facts.get(hit.clip_id)
    return {
        "clip_id": hit.clip_id,
        "segment_id": hit.segment_id,
        "path": hit.path if paths == "absolute" else hit.clip.path,
        "title": hit.title,
        "start_s": round(hit.start_s, 3),
        "end_s": round(hit.end_s, 3),
        "score": round(hit.score, 6),
        "probability": None if hit.probability is None else round(hit.probability, 4),
        "own_tags": list(hit.own_tags),
        "tags": [{"name": tag.name, "probability": round(tag.probability, 4)} for tag in hit.tags],
        "via": [{"part": via.part, "share": round(via.share, 4)} for via in hit.via],
        "copies": list(hit.copies),
        "same": hit.same,
        "track": hit.track,
        "notes": hit.clip.notes,
        "remark": hit.remark,
        "facts": None if known is None else facts_as_json(known),
    }


def named_as_json(clip: Clip, paths: Paths) -> dict[str, Any]:
    """Return the fields that name a clip."""
    path = clip.absolute_path if paths == "absolute" else clip.path
    return {"clip_id": clip.id, "path": path, "title": clip.title}


def passage_as_json(passage: Moment | Saying, paths: Paths) -> dict[str, Any]:
    """Return a passage of a clip. Times are rounded to milliseconds, the score to six digits."""
    return {
        **named_as_json(passage.clip, paths),
        "track": passage.clip.track,
        "start_s": round(passage.start_s, 3),
        "end_s": round(passage.end_s, 3),
        "score": round(passage.score, 6),
    }


def facts_as_json(facts: Mapping[str, float | str | tuple[str, ...]]) -> dict[str, Any]:
    """Return a sound's facts by the names of `search.analysis.facts.definitions`; numbers have five digits."""
    return {name: list(value) if isinstance(value, tuple) else _short(value) for name, value in facts.items()}


def _short(value: float | str) -> float | str:
    return value if isinstance(value, str) else float(f"{value:.5g}")


def identification_as_json(identified: Identification, paths: Paths) -> dict[str, Any]:
    """Return an identification. Times are rounded to milliseconds, other numbers to four digits."""
    return {
        "recognitions": [_recognition_as_json(one, paths) for one in identified.recognitions],
        "duration_s": round(identified.duration_s, 3),
        "fingerprinted": identified.fingerprinted,
        "fingerprinted_earlier": identified.earlier,
        "contents": identified.contents,
        "warnings": list(identified.warnings),
    }


def _recognition_as_json(one: Recognition, paths: Paths) -> dict[str, Any]:
    return {
        "clip_id": one.clip_id,
        "path": one.path if paths == "absolute" else one.clip.path,
        "title": one.title,
        "query_start_s": round(one.query_start_s, 3),
        "query_end_s": round(one.query_end_s, 3),
        "start_s": round(one.start_s, 3),
        "end_s": round(one.end_s, 3),
        "speed": round(one.speed, 4),
        "probability": round(one.probability, 4),
        "landmarks": one.landmarks,
        "copies": list(one.copies),
    }


def path_as_json(way: SoundPath, paths: Paths) -> dict[str, Any]:
    """Return a path between two sounds. Similarities are rounded to four digits."""
    return {
        "clips": [named_as_json(clip, paths) for clip in way.clips],
        "similarities": [round(one, 4) for one in way.similarities],
        "least": round(way.least, 4),
        "straight": round(way.straight, 4),
        "direct": round(way.direct, 4),
    }


def companions_as_json(companions: Companions, paths: Paths) -> dict[str, Any]:
    """Return what goes with a clip. Tempos are rounded to two digits, scores, stretches and similarities to four."""
    return {
        "tempo": _rounded(companions.tempo, 2),
        "key": companions.key,
        "hits": [
            {
                **named_as_json(one.clip, paths),
                "score": round(one.score, 4),
                "tempo": _rounded(one.tempo, 2),
                "times": one.times,
                "stretch": _rounded(one.stretch, 4),
                "key": one.key,
                "relation": one.relation,
                "similarity": round(one.similarity, 4),
                "reasons": list(one.reasons),
            }
            for one in companions.hits
        ],
        "unmeasured": companions.unmeasured,
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def time_line_as_json(line: TimeLine, paths: Paths) -> dict[str, Any]:
    """Return a clip's events in order of time. Times are rounded to milliseconds, probabilities to four digits."""
    return {
        **named_as_json(line.clip, paths),
        "duration_s": round(line.clip.duration_s, 3),
        "stored": line.stored,
        "events": [
            {
                "name": event.name,
                "start_s": round(event.start_s, 3),
                "end_s": round(event.end_s, 3),
                "probability": round(event.probability, 4),
                "background": event.background,
            }
            for event in line.events
        ],
    }


def comparison_as_json(comparison: Comparison, paths: Paths) -> dict[str, Any]:
    """Return a comparison of two spaces. Shares and ranks are rounded to four digits."""
    ranks = comparison.reciprocal_ranks
    return {
        "spaces": list(comparison.spaces),
        "k": comparison.k,
        "share": round(comparison.share, 4),
        "same_first": round(comparison.same_first, 4),
        "likes": comparison.likes,
        "reciprocal_ranks": None if ranks is None else [round(rank, 4) for rank in ranks],
        "compared": [
            {
                "question": one.question,
                "verdicts": list(one.verdicts),
                "share": round(one.share, 4),
                "same_first": one.same_first,
                "only_first": [hit_as_json(hit, paths) for hit in one.only_first],
                "only_second": [hit_as_json(hit, paths) for hit in one.only_second],
            }
            for one in comparison.compared
        ],
    }


def moments_as_json(moments: Moments, paths: Paths) -> dict[str, Any]:
    """Return moments, best first. Times are rounded to milliseconds, scores to six digits."""
    return {
        "moments": [passage_as_json(one, paths) | {"exact": one.exact} for one in moments.moments],
        "took_ms": round(moments.took_ms, 3),
        "next_offset": moments.next_offset,
    }


def understanding_as_json(understanding: Understanding) -> dict[str, Any]:
    """Return how a sentence was understood. ``query`` has the form that ``POST /search`` takes."""
    return {
        "sentence": understanding.sentence,
        "query": _query_as_json(understanding.query),
        "terms": [{"said": term.said, "kind": term.kind, "means": term.means} for term in understanding.terms],
        "not_understood": list(understanding.not_understood),
        "read_by": understanding.read_by,
        "note": understanding.note,
    }


def _query_as_json(query: Query) -> dict[str, Any]:
    parts: list[dict[str, Any]] = []
    for part in query.parts:
        if isinstance(part, TextPart):
            parts.append({"text": part.text, "weight": part.weight})
        elif isinstance(part, ClipPart):
            parts.append({"clip_id": part.clip_id, "weight": part.weight})
    return {"parts": parts, "k": query.k, "where": query.where, "collapse": query.collapse}
