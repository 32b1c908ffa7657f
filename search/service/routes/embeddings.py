"""``POST /embeddings`` in OpenAI's format, for its clients: words and sounds as vectors of one space."""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from flask import Response, request
from flask_openapi3 import APIBlueprint, OpenAPI, Tag
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import UnprocessableEntity

from search.engine.asking import audio_vector
from search.errors import AudioError
from search.model import AudioPart, Space, Vectors
from search.ports import Encoder
from search.service.config import MAX_QUERY_CHARACTERS
from search.service.http import reading
from search.service.http.answers.asked import EmbeddingOut, EmbeddingsOut, UsageOut
from search.service.http.replies import reply
from search.service.http.requests.queries import EmbeddingsIn, SoundIn
from search.service.jobs.uploads import check_length, received
from search.service.refusals import FileRefused
from search.service.routes.view import view
from search.service.service import Service

TAG = Tag(name="search", description="Searching the library.")
ROOT_PATH: Final = "/v1/embeddings"
"""The path for OpenAI's clients, whose base URL ends in ``/v1``."""
_DATA_URL: Final = "data:audio/"


class EmbeddingRoutes:
    """Vectors for other programs."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def register(self, api: APIBlueprint) -> None:
        """Add the endpoint."""
        api.post("/embeddings", tags=[TAG], responses={200: EmbeddingsOut})(view(self.embeddings))

    def register_at_root(self, app: OpenAPI) -> None:
        """Add the endpoint where OpenAI's clients expect it."""
        app.add_url_rule(ROOT_PATH, "root_embeddings", self._at_root, methods=["POST"])

    def _at_root(self) -> Response:
        return self.embeddings(reading.valid(EmbeddingsIn, request.get_json()))

    def embeddings(self, body: EmbeddingsIn) -> Response:
        """Get vectors of words and sounds, in the format of OpenAI's embeddings; also at `/v1/embeddings`.

        A string is words, or a sound as `data:audio/wav;base64,...`. Vectors have length 1: the dot product of two
        vectors of one model is their cosine similarity. A sound longer than the encoder's window gets the mean of its
        windows.
        """
        inputs = [body.input] if isinstance(body.input, str) else body.input
        space = self._service.library.spaces.get(body.model)
        if body.dimensions not in (None, space.dim):
            raise UnprocessableEntity(f"dimensions is {body.dimensions}; the vectors of {space.name} have {space.dim}")
        sounds = {place: _sound(one, place) for place, one in enumerate(inputs) if _is_sound(one)}
        words = {place: one for place, one in enumerate(inputs) if isinstance(one, str) and place not in sounds}
        for place, text in words.items():
            if not text.strip() or len(text) > MAX_QUERY_CHARACTERS:
                raise UnprocessableEntity(f"input {place} is not a text of 1 to {MAX_QUERY_CHARACTERS} characters")
        rows = self._rows(space, words, sounds)
        count = sum(len(text.split()) for text in words.values())
        return reply(
            EmbeddingsOut(
                data=[
                    EmbeddingOut(index=place, embedding=_encoded(row, body.encoding_format))
                    for place, row in enumerate(rows)
                ],
                model=space.name,
                usage=UsageOut(prompt_tokens=count, total_tokens=count),
            )
        )

    def _rows(self, space: Space, words: Mapping[int, str], sounds: Mapping[int, bytes]) -> Vectors:
        """(n, dim): a row for each input; all words are encoded in one pass."""
        encoder = self._service.library.encoders.of(space)
        rows = np.zeros((len(words) + len(sounds), space.dim), np.float32)
        if words and not space.can_text:
            raise UnprocessableEntity(f"the encoder of {space.name} cannot read words; send sounds")
        with self._service.metrics.stage("engine"):
            if words:
                rows[list(words)] = encoder.encode_text(list(words.values()))
            if sounds:
                places = list(sounds)
                rows[places] = self._listened_to(encoder, places, list(sounds.values()))
        return rows

    def _listened_to(self, encoder: Encoder, places: Sequence[int], sounds: Sequence[bytes]) -> Vectors:
        """(n, dim). Raises FileRefused if one is not a sound, or if together they are longer than a query may be."""
        files = {str(place): FileStorage(io.BytesIO(one)) for place, one in zip(places, sounds, strict=True)}
        left_s = self._service.config.limits.query_s
        found = []
        with self._service.decodes.taken(), received(files) as paths:
            for place in places:
                name, path = f"input {place}", paths[str(place)]
                try:
                    info = check_length(path, name, left_s)
                    left_s -= info.duration_s or 0.0
                    found.append(audio_vector(encoder, AudioPart(path)))
                except AudioError as error:
                    raise FileRefused(name, error.cause, f"input.{place}") from error
        return np.stack(found)


def _is_sound(one: str | SoundIn) -> bool:
    return isinstance(one, SoundIn) or one.startswith(_DATA_URL)


def _sound(one: str | SoundIn, place: int) -> bytes:
    """The bytes of a sound. Raises UnprocessableEntity if the text is not base64."""
    text = one.partition(",")[2] if isinstance(one, str) else one.input_audio.data
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnprocessableEntity(f"the sound of input {place} is not base64") from error


def _encoded(row: Vectors, encoding_format: str) -> list[float] | str:
    """A vector (dim,) as numbers, or as base64 of float32, lowest byte first."""
    if encoding_format == "base64":
        return base64.b64encode(row.astype("<f4").tobytes()).decode("ascii")
    return [float(value) for value in row]
