"""The melody index answers hums. It combines the vector index of the tunes' windows with the table of contours."""

from __future__ import annotations

from search.analysis.melody.confidence import SPEECH_BELOW, certainty, probabilities, verdict
from search.analysis.melody.contours import FRAME_S, Contour, contour_of_curve, contour_of_notes
from search.analysis.melody.contourtable import ContourLookup, passage
from search.analysis.melody.hearing import LONGEST_HUM_S, listen, steady_notes
from search.analysis.melody.matching import Matches, Places, efforts, look
from search.analysis.melody.model import MelodyAnswer, MelodyHit, Notes, PitchCurve
from search.analysis.melody.versions import versions
from search.errors import QueryError
from search.model import Bitmap, Ids
from search.ports import VectorIndex


class MelodyIndex:
    """An index of tunes, as they are at one moment; threads may share it."""

    def __init__(self, vectors: VectorIndex, contours: ContourLookup) -> None:
        """``vectors`` holds the windows of the contours in ``contours``, with unit rows of ``contours.VECTOR_DIM``."""
        self._vectors = vectors
        self._contours = contours

    def over(self, vectors: VectorIndex) -> MelodyIndex:
        """The same tunes, with ``vectors`` to find their windows."""
        return MelodyIndex(vectors, self._contours)

    def search_hum(self, curve: PitchCurve, k: int = 10, among: Bitmap | None = None) -> MelodyAnswer:
        """The tunes that a hum may be, best first. If it is not a tune: the verdict "no melody" and no hits.

        A hum that sounds like speech is searched for anyway, because a fast reel, or a voice that jumps by octaves,
        glides as much. Those come close to a tune; speech does not.
        """
        hearing = listen(curve)
        if hearing.reason and not hearing.doubtful:
            return MelodyAnswer("no melody", (), hearing.reason)
        return self._answer(contour_of_curve(hearing.curve), hearing.notes, k, among, doubt=hearing.reason)

    def search_notes(self, notes: Notes, k: int = 10, among: Bitmap | None = None) -> MelodyAnswer:
        """The tunes that typed notes may be, best first. Raises QueryError if there are no notes."""
        if not len(notes):
            raise QueryError('no notes were given; write them as "C4 D4 E4"')
        return self._answer(contour_of_notes(notes), notes, k, among)

    def search_tune(
        self, window_ids: Ids, start_s: float, end_s: float, k: int = 10, among: Bitmap | None = None
    ) -> MelodyAnswer:
        """The tunes like the one with these windows (n,), by the first half minute of its passage.

        The passage is from ``start_s`` to ``end_s``. The tune is its own best match unless ``among`` excludes it.
        Raises QueryError if it has no notes in the passage.
        """
        contour = passage(self._contours, window_ids, start_s, end_s, LONGEST_HUM_S)
        if contour is None:
            raise QueryError("the tune has no notes in this passage; choose another one")
        return self._answer(contour, steady_notes(PitchCurve(contour.pitch, FRAME_S)), k, among)

    def _answer(self, hum: Contour, notes: Notes, k: int, among: Bitmap | None, doubt: str = "") -> MelodyAnswer:
        """The answer to a hum. ``doubt`` is why it may not be a tune; it is the answer if no tune comes near."""
        if k < 1:
            raise QueryError(f"k is {k}; it must be 1 or more")
        contours = self._contours
        if not len(contours):
            return MelodyAnswer("none", (), "no tunes are indexed")
        for effort in efforts(hum):
            found = versions(hum, look(hum, self._vectors, contours, effort, among), contours)
            if verdict(found.cost, notes) == "good":
                break
        if doubt and certainty(found.cost, notes) < SPEECH_BELOW:
            return MelodyAnswer("no melody", (), doubt)
        if not len(found.cost):
            return MelodyAnswer("none", (), "no match: no tune comes close")
        chances, judged = probabilities(found.cost, notes)[found.tune], verdict(found.cost, notes)
        hits = tuple(
            _hit(found.matches, i, int(found.tune[i]), float(chances[i]), contours) for i in range(min(k, len(chances)))
        )
        return MelodyAnswer(judged, hits, "no match: no tune is close enough to be sure" if judged == "none" else "")


def _hit(matches: Matches, i: int, version_of: int, probability: float, contours: ContourLookup) -> MelodyHit:
    places: Places = matches.places
    row = int(places.row[i])
    start_s, end_s = contours.tune_time(row, [float(places.start_s[i]), float(matches.end_s[i])])
    return MelodyHit(
        tune=int(contours.tunes(places.row[i : i + 1])[0]),
        window=contours.window_at(row, float(places.start_s[i])),
        start_s=float(start_s),
        end_s=float(end_s),
        score=-float(matches.cost[i]),
        probability=probability,
        tempo=float(places.tempo[i]),
        transposed=float(places.shift[i]),
        version_of=version_of,
    )
