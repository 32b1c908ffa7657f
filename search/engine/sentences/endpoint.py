"""Reads a sentence with a language model behind an OpenAI-compatible endpoint, and checks its answer.

The model gets the sentence, names of folders and tags, and the durations of the last answer's hits, and nothing else of
the library. Its answer can only become a query of words, clips of the last answer and a filter, which the user could
have written too.
"""

from __future__ import annotations

import json
import math
import queue
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

from search.columns.parsing import COLUMNS, parse
from search.engine.sentences.context import Context
from search.errors import SoundalikeError, WhereError
from search.model import ClipPart, Part, Query, Term, TextPart, Understanding

MAX_ANSWER_BYTES: Final = 1 << 16
MAX_PARTS: Final = 16
MAX_WORDS: Final = 1000
MAX_COUNT: Final = 1000
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")

_TEXT: Final = {"type": "string"}
_PART: Final = {
    "type": "object",
    "properties": {
        "said": {**_TEXT, "description": "the words of the sentence that mean this part"},
        "text": {"type": ["string", "null"], "description": "words to look for, or null"},
        "hit": {"type": ["integer", "null"], "description": "which hit of the last answer it is like, from 1, or null"},
        "weight": {"type": "number", "description": "1; below 0 what is not wanted"},
    },
    "required": ["said", "text", "hit", "weight"],
    "additionalProperties": False,
}
_FILTER: Final = {
    "type": "object",
    "properties": {"said": _TEXT, "where": _TEXT},
    "required": ["said", "where"],
    "additionalProperties": False,
}
SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "parts": {"type": "array", "items": _PART},
        "filters": {"type": "array", "items": _FILTER},
        "k": {"type": ["integer", "null"], "description": "how many hits, or null"},
        "collapse": {"type": "boolean", "description": "whether duplicates are not wanted"},
        "not_understood": {"type": "array", "items": _TEXT},
    },
    "required": ["parts", "filters", "k", "collapse", "not_understood"],
    "additionalProperties": False,
}
"""The JSON schema of the model's answer."""
_TASK: Final = """You turn a question about sounds into a query. Fill in the JSON form.
parts: what to look for, in words or like a hit of the last answer; what is not wanted has weight -1.
filters: only what the question says, in this language: comparisons (= != < <= > >= and ~ for contains) of the columns
{columns}, joined by and, or, not, ( ). duration_s is in seconds; texts and ISO dates are quoted: added >= '2026-11-20'.
not_understood: words of the question that ask for something else. Never invent a folder or a tag."""


class ModelRefused(SoundalikeError):
    """The language model did not answer in time, or its answer is invalid. The message says which."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A language model: base URL (``http://127.0.0.1:8080/v1``), name, API key, and timeout ``wait_s``."""

    url: str
    name: str
    key: str
    wait_s: float

    def read(self, sentence: str, context: Context) -> Understanding:
        """Let the model read a sentence. Raises ModelRefused after at most ``wait_s``, even if the endpoint hangs."""
        return understanding(self._answer(_messages(sentence, context)), sentence, context)

    def _answer(self, messages: list[dict[str, str]]) -> object:
        """Return the JSON that the model wrote. A thread makes the call: an endpoint may answer byte by byte."""
        done: queue.Queue[bytes | Exception] = queue.Queue()

        def call() -> None:
            try:
                done.put(self._call(messages))
            except (OSError, ValueError, HTTPException) as error:  # all that urllib raises
                done.put(error)

        threading.Thread(target=call, daemon=True, name="language model").start()
        try:
            body = done.get(timeout=self.wait_s)
        except queue.Empty:
            raise ModelRefused(f"the language model did not answer within {self.wait_s:g} s") from None
        if isinstance(body, urllib.error.HTTPError):
            raise ModelRefused(f"the language model's endpoint answered {body.code}") from body
        if isinstance(body, Exception):
            raise ModelRefused(f"the language model cannot be reached: {type(body).__name__}") from body
        if len(body) > MAX_ANSWER_BYTES:
            raise ModelRefused(f"the language model answered more than {MAX_ANSWER_BYTES} bytes")
        try:
            return json.loads(json.loads(body)["choices"][0]["message"]["content"])
        except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
            raise ModelRefused("the language model did not answer in the given form") from error

    def _call(self, messages: list[dict[str, str]]) -> bytes:
        body = {
            "model": self.name,
            "messages": messages,
            "temperature": 0,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "query", "strict": True, "schema": SCHEMA},
            },
        }
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {self.key}"} if self.key else {})
        address = f"{self.url.rstrip('/')}/chat/completions"
        request = urllib.request.Request(address, json.dumps(body).encode(), headers)  # noqa: S310 - set by whoever runs it
        with self._opener().open(request, timeout=self.wait_s) as response:
            answer, until_s = bytearray(), time.monotonic() + self.wait_s
            while (
                len(answer) <= MAX_ANSWER_BYTES and time.monotonic() < until_s
            ):  # after that, nobody waits for the answer
                block = response.read1(1 << 14)
                if not block:
                    break
                answer += block
        return bytes(answer)

    def _opener(self) -> urllib.request.OpenerDirector:
        """Return an opener without redirects, which could leak the key, and without a proxy for this machine."""
        is_here = urlsplit(self.url).hostname in _LOOPBACK
        return urllib.request.build_opener(_NoRedirection, *([urllib.request.ProxyHandler({})] if is_here else []))


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    """Treats a redirect as an error."""

    def redirect_request(self, *args: object, **kwargs: object) -> None:
        """Return None, so that urllib raises HTTPError."""


def _messages(sentence: str, context: Context) -> list[dict[str, str]]:
    facts = {
        "now": context.now.isoformat(timespec="minutes"),
        "folders": context.folders[:200],
        "own tags and tags": context.tags[:200],
        "hits of the last answer": [
            {"hit": place, "duration_s": one.duration_s} for place, one in enumerate(context.shown[:50], start=1)
        ],
    }
    task = _TASK.format(columns=", ".join(COLUMNS))
    return [
        {"role": "system", "content": f"{task}\n{json.dumps(facts)}"},
        {"role": "user", "content": sentence},
    ]


def understanding(answer: object, sentence: str, context: Context) -> Understanding:
    """Turn a model's answer into a query, if it follows the schema. Raises ModelRefused."""
    form = _object(answer, "the answer", SCHEMA)
    parts: list[Part] = []
    terms: list[Term] = []
    for one in _list(form["parts"], "parts"):
        part, term = _part(_object(one, "a part", _PART), sentence, context)
        parts.append(part)
        terms.append(term)
    filters: list[str] = []
    for one in _list(form["filters"], "filters"):
        given = _object(one, "a filter", _FILTER)
        filters.append(_where(given["where"]))
        terms.append(Term(_said(given["said"], sentence), "filter", filters[-1]))
    count = form["k"]
    if count is not None and not (type(count) is int and 1 <= count <= MAX_COUNT):
        _refuse("k")
    if not isinstance(form["collapse"], bool):
        _refuse("collapse")
    not_understood = tuple(_said(one, sentence) for one in _list(form["not_understood"], "not_understood"))
    where = _where(" and ".join(f"({one})" for one in filters)) if filters else None
    query = Query(tuple(parts), k=count or 10, where=where, collapse=form["collapse"])
    return Understanding(sentence, query, tuple(terms), tuple(one for one in not_understood if one), "model")


def _part(part: Mapping[str, Any], sentence: str, context: Context) -> tuple[Part, Term]:
    text, hit, weight = part["text"], part["hit"], part["weight"]
    if type(weight) not in (int, float) or not math.isfinite(weight) or not 0 < abs(weight) <= 10:
        _refuse("the weight of a part")
    said = _said(part["said"], sentence)
    if isinstance(text, str) and hit is None and text.strip() and len(text) <= MAX_WORDS:
        return TextPart(text.strip(), float(weight)), Term(said, "words" if weight > 0 else "unwanted", text.strip())
    if text is None and type(hit) is int and 1 <= hit <= len(context.shown):
        clip_id = context.shown[hit - 1].clip_id
        return ClipPart(clip_id, float(weight)), Term(said, "like" if weight > 0 else "unlike", f"clip {clip_id}")
    raise ModelRefused("the language model did not answer in the given form: a part")


def _where(text: object) -> str:
    if not isinstance(text, str):
        _refuse("a filter")
    try:
        parse(text)
    except WhereError as error:
        raise ModelRefused(f"the language model wrote an invalid filter: {error}") from error
    return text


def _said(text: object, sentence: str) -> str:
    """Return ``text`` if the sentence contains it, else an empty string."""
    if not isinstance(text, str):
        _refuse("the words of a part")
    return text if text.lower() in sentence.lower() else ""


def _object(value: object, what: str, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(value, dict) or set(value) != set(schema["required"]):
        _refuse(what)
    return value


def _list(value: object, what: str) -> list[object]:
    if not isinstance(value, list) or len(value) > MAX_PARTS:
        _refuse(what)
    return value


def _refuse(what: str) -> NoReturn:
    raise ModelRefused(f"the language model did not answer in the given form: {what}")
