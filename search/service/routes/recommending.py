"""``/recommend`` and ``/feedback``: recommendations, and the opinions that they are based on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import Response
from flask_openapi3 import APIBlueprint, Tag
from werkzeug.routing import BaseConverter

from search.errors import QueryError
from search.model import Answer, Feedback
from search.service.http.answers.hits import SearchOut
from search.service.http.answers.tastes import BatchedOut, FeedbackOut, RecommendBatchOut
from search.service.http.hits import search_out
from search.service.http.replies import reply, revisable
from search.service.http.requests.tastes import FeedbackIn, OpinionPath, ProfilePath, RecommendBatchIn, RecommendIn
from search.service.refusals import public_message
from search.service.routes.view import view
from search.service.service import Service

TAG = Tag(name="recommendation", description="Clips for someone, from what they liked so far.")


PROFILE = "profile"
"""The name under which `ProfileConverter` is registered."""


class ProfileConverter(BaseConverter):
    """The name of a profile in a URL. Slashes are matched too, so that the model can say that they are not allowed.

    A URL that ends like that of an opinion is not matched.
    """

    part_isolating = False
    regex = r"(?!.*/[0-9]+$)[^/].*?"


class RecommendRoutes:
    """Recommendations and stored opinions."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._library = service.library

    def register(self, api: APIBlueprint) -> None:
        """Add the endpoints."""
        of, opinion = f"/feedback/<{PROFILE}:profile>", "/feedback/<path:profile>/<int:clip_id>"
        api.post("/recommend", tags=[TAG], responses={200: SearchOut})(view(self.recommend))
        api.post("/recommend/batch", tags=[TAG], responses={200: RecommendBatchOut})(view(self.recommend_batch))
        api.get(of, tags=[TAG], responses={200: FeedbackOut})(view(self.get_feedback))
        api.put(of, tags=[TAG], responses={200: FeedbackOut})(view(self.replace_feedback))
        api.post(of, tags=[TAG], responses={200: FeedbackOut})(view(self.add_feedback))
        api.delete(of, tags=[TAG], responses={204: None})(view(self.forget_feedback))
        api.delete(opinion, tags=[TAG], responses={204: None})(view(self.forget_opinion))

    def recommend(self, body: RecommendIn) -> Response:
        """Recommend clips from likes and dislikes, leaving out clips that the person knows already.

        Without likes, the answer is a varied sample of the library, the same one until the library changes.
        """
        answer = self._service.search_stored(lambda: self._library.recommend(body.query()))
        with self._service.metrics.stage("write"):
            return reply(search_out(answer, self._library if body.facts else None))

    def recommend_batch(self, body: RecommendBatchIn) -> Response:
        """Answer several recommendation queries at once; an invalid one gets its error in place of its answer."""
        answers = self._service.search_stored_each(
            lambda: self._library.recommend_each(one.query() for one in body.queries)
        )
        with self._service.metrics.stage("write"):
            batched = [self._batched(one, query) for one, query in zip(answers, body.queries, strict=True)]
            return reply(RecommendBatchOut(answers=batched))

    def get_feedback(self, path: ProfilePath) -> Response:
        """Get all opinions kept under a name; an empty list for a name that was never used."""
        return revisable(self._feedback(path.profile))

    def replace_feedback(self, path: ProfilePath, body: FeedbackIn) -> Response:
        """Replace all opinions kept under a name with these."""
        return self._write(self._library.feedback.put, path.profile, body)

    def add_feedback(self, path: ProfilePath, body: FeedbackIn) -> Response:
        """Add opinions under a name; a newer opinion of a clip replaces the older one."""
        return self._write(self._library.feedback.add, path.profile, body)

    def forget_feedback(self, path: ProfilePath) -> Response:
        """Delete all opinions kept under a name."""
        self._library.feedback.forget(path.profile)
        return Response(status=204)

    def forget_opinion(self, path: OpinionPath) -> Response:
        """Delete the opinion of one clip under a name; the others stay."""
        self._library.feedback.forget(path.profile, path.clip_id)
        return Response(status=204)

    def _write(self, write: Callable[[str, Sequence[Feedback]], None], profile: str, body: FeedbackIn) -> Response:
        write(profile, [Feedback(one.clip_id, one.opinion, one.weight, one.at) for one in body.feedback])
        return self._feedback(profile)

    def _feedback(self, profile: str) -> Response:
        feedback = self._library.feedback.get(profile)
        return reply(FeedbackOut.model_validate({"profile": profile, "feedback": feedback}))

    def _batched(self, answer: Answer | QueryError, query: RecommendIn) -> BatchedOut:
        if isinstance(answer, QueryError):
            return BatchedOut(answer=None, error=public_message(answer, self._service.config.library))
        return BatchedOut(answer=search_out(answer, self._library if query.facts else None), error=None)
