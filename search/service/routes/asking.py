"""``POST /ask``: a question in plain language, turned into a query that a person can see and correct."""

from __future__ import annotations

from dataclasses import replace

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from search.library.understanding import understand
from search.model import Understanding
from search.model.as_json import understanding_as_json
from search.service.http.answers.asked import AskOut
from search.service.http.answers.hits import SearchOut
from search.service.http.hits import search_out
from search.service.http.replies import reply
from search.service.http.requests.queries import AskIn
from search.service.routes.view import view
from search.service.service import Service

TAG = Tag(name="search", description="Searching the library.")


class AskRoutes:
    """Questions in plain language."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def register(self, api: APIBlueprint) -> None:
        """Add the endpoint."""
        api.post("/ask", tags=[TAG], responses={200: AskOut})(view(self.ask))

    def ask(self, body: AskIn) -> Response:
        """Turn a sentence in plain English into a query, and answer it if `answer` is set.

        `query` is what `POST /search` takes: show it, let a person change it, send it. Words that were not understood
        are listed and filter nothing. If the sentence says nothing to look for, there is no answer.
        """
        library = self._service.library
        understood = understand(library, body.sentence, previous=body.previous, reader=body.reader)
        out = AskOut.model_validate({**understanding_as_json(understood), "answer": None})
        if body.answer and any(part.weight > 0 for part in understood.query.parts):
            out.answer = self._answer(understood, body.offset)
        return reply(out)

    def _answer(self, understood: Understanding, offset: int) -> SearchOut:
        query = replace(understood.query, offset=offset)
        return search_out(self._service.search(lambda: self._service.library.search(query)))
