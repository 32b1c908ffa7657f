"""Making the melody encoding of a file: from a MIDI file's melodies, or from the tune of a recording."""

from __future__ import annotations

from collections.abc import Iterable

from search.analysis.melody.contours import contour_of_notes
from search.analysis.melody.loudness import Loudness
from search.analysis.melody.midi import read_midi
from search.analysis.melody.pitch import pitch_of_blocks
from search.analysis.melody.recording import contours_of_recording
from search.analysis.melody.space import SPEC, encoding_of
from search.audio.metadata import title_of_name
from search.model import ContentEncoding, TuneFile, Wave


class TuneExtractor:
    """The `search.ports.MelodyExtractor`: stateless, threads may share it."""

    spec = SPEC

    def midi(self, path: str) -> TuneFile:
        """A MIDI file with its melodies. Raises AudioError if it is damaged, or has no melody."""
        song = read_midi(path)
        encoding = encoding_of([contour_of_notes(tune.notes) for tune in song.tunes])
        return TuneFile(song.title or title_of_name(path), song.metadata, song.duration_s, encoding)

    def recording(self, blocks: Iterable[Wave]) -> ContentEncoding:
        """The tunes of a recording, from its blocks (samples,) at ``spec.sample_rate_hz``: the whole, and the lead.

        The encoding has no segments if the recording has no tune that could be hummed.
        """
        loudness = Loudness()
        curve = pitch_of_blocks(loudness.listen(blocks))
        return encoding_of(contours_of_recording(curve, loudness.levels_db(len(curve.pitch))))
