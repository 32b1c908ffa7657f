"""Listening to a live stream: a file is the stream, so that every run gets the same sound."""

from __future__ import annotations

import http.client
import io
import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
import soundfile

import soundalike
from search.errors import AudioError
from search.library.live.alerts import Alert, Seen, Watched
from search.library.live.sources import LiveBlock, Stream, StreamSource
from search.library.live.streaming import AlertStream
from search.library.live.windows import Ring, windows
from tests.commandline import soundalike as command
from tests.search.test_events import hiss, siren
from tests.waiting import PATIENCE_S

RATE_HZ = 32_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``library`` with a siren that has a fingerprint, and ``walk.wav``: hiss, with that siren from 6 to 10 s."""
    folder = tmp_path_factory.mktemp("live")
    (folder / "sounds").mkdir()
    walk = hiss(14)
    walk[6 * RATE_HZ : 10 * RATE_HZ] += siren(4)
    soundfile.write(folder / "walk.wav", walk, RATE_HZ)
    soundfile.write(folder / "sounds" / "siren.wav", siren(4), RATE_HZ)
    done = command("index", folder / "sounds", "--library", folder / "library", "--fingerprints", "--quiet")
    assert done.returncode == 0, done.stderr
    return folder


def heard(folder: Path, *options: object) -> list[dict]:
    done = command("listen", folder / "walk.wav", *options, "--json", "--library", folder / "library")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


# --- a stream -----------------------------------------------------------------------------------------------


def test_a_file_is_heard_to_its_end_at_the_rate_that_is_asked_for(folder: Path):
    with Stream(StreamSource(str(folder / "walk.wav")), 16_000) as stream:
        blocks = list(stream)
    assert not StreamSource(str(folder / "walk.wav")).is_live
    assert sum(len(block.wave) for block in blocks) == pytest.approx(14 * 16_000, abs=50)
    assert [block.start_s for block in blocks] == sorted(block.start_s for block in blocks)
    loud = np.concatenate([block.wave for block in blocks])
    assert np.abs(loud[7 * 16_000 : 9 * 16_000]).max() > 10 * np.abs(loud[: 5 * 16_000]).max()


def test_bare_samples_come_through_standard_input():
    samples = (10_000 * np.sin(np.arange(2 * 8_000) / 5)).astype("<i2")
    both = np.repeat(samples, 2)
    with Stream(StreamSource("-", rate_hz=8_000, channels=2), 16_000, io.BytesIO(both.tobytes())) as stream:
        wave = np.concatenate([block.wave for block in stream])
    assert len(wave) == pytest.approx(2 * 16_000, abs=50)
    assert np.abs(wave).max() == pytest.approx(10_000 / 32_768, rel=0.1)


def test_a_source_that_is_not_there_says_so(folder: Path):
    with (
        pytest.raises(AudioError, match="cannot be listened to"),
        Stream(StreamSource("/nowhere.wav"), 16_000) as stream,
    ):
        list(stream)
    gone = command("listen", folder / "gone.wav", "--events", "Siren", "--library", folder / "library")
    assert gone.returncode != 0
    assert "cannot be listened to" in gone.stderr


def test_what_is_live_and_not_heard_in_time_is_lost_and_told(monkeypatch):
    """A source that sends more than may wait before anybody listens."""
    sent = threading.Event()

    def decoded(_self: Stream) -> Iterator[LiveBlock]:
        for number in range(2_000):
            yield LiveBlock(number * 0.01, np.zeros(160, np.float32))
        sent.set()

    monkeypatch.setattr(Stream, "_decoded", decoded)
    with Stream(StreamSource("http://example.invalid/live"), 16_000) as stream:
        assert sent.wait(PATIENCE_S)
        blocks = list(stream)
    assert 0 < len(blocks) < 2_000
    assert blocks[0].lost_s == 0


# --- windows ------------------------------------------------------------------------------------------------


def blocks_of(wave: np.ndarray, size: int, rate_hz: int = 1_000) -> list[LiveBlock]:
    return [LiveBlock(at / rate_hz, wave[at : at + size].astype(np.float32)) for at in range(0, len(wave), size)]


@pytest.mark.parametrize("size", [70, 1_000, 2_500])
def test_a_window_comes_with_each_hop_whatever_the_blocks(size: int):
    wave = np.linspace(-0.9, 0.9, 6_000)
    ring = Ring(1_000, 4)
    made = list(windows(blocks_of(wave, size), ring, 2.0, 1.0))
    assert [one.end_s for one in made] == [1, 2, 3, 4, 5, 6]
    assert [one.new_s for one in made] == [0, 1, 2, 3, 4, 5]
    assert made[3].wave == pytest.approx(wave[2_000:4_000], abs=1e-3)
    assert made[0].wave == pytest.approx(np.tile(wave[:1_000], 2), abs=1e-3)


def test_the_ring_keeps_the_last_seconds_and_what_was_lost_is_silence():
    ring = Ring(1_000, 2)
    ring.add(LiveBlock(0.0, np.full(1_500, 0.5, np.float32)))
    ring.add(LiveBlock(2.0, np.full(1_000, 0.25, np.float32), lost_s=0.5))
    assert (ring.start_s, ring.end_s) == (1.0, 3.0)
    kept = ring.cut(0, 9)
    assert kept == pytest.approx(np.concatenate([np.full(500, 0.5), np.zeros(500), np.full(1_000, 0.25)]), abs=1e-3)
    block = LiveBlock(5.0, np.zeros(1_000, np.float32), 5.0)
    lost_s = next(one.lost_s for one in windows([block], Ring(1_000, 2), 2, 1))
    assert lost_s == 5.0


def test_something_is_told_when_it_begins_and_when_it_is_over():
    watched = Watched(0.5)

    def took(probability: float, end_s: float) -> list[tuple[str, float]]:
        return [
            (state, one.probability)
            for state, one in watched.take([Seen("event", "Dog", probability, 0, end_s)], end_s)
        ]

    assert took(0.4, 1) == []
    assert took(0.6, 2) == [("begun", 0.6)]
    assert took(0.9, 3) == []
    assert took(0.35, 4) == []  # not that unlikely yet
    assert took(0.2, 5) == [("ended", 0.9)]
    assert took(0.7, 6) == [("begun", 0.7)]
    assert took(0.1, 6.5) == []  # a pause
    assert took(0.7, 7) == []
    assert watched.take([], 7.5) == []
    assert [(state, one.end_s) for state, one in watched.end()] == [("ended", 7)]
    assert watched.end() == []


# --- a library whose encoder names no sounds ----------------------------------------------------------------


@pytest.fixture(scope="module")
def nameless(folder: Path) -> Path:
    """``walk.wav`` beside a ``library`` of the siren by an encoder that compares, and names nothing."""
    made = folder / "nameless"
    made.mkdir()
    (made / "walk.wav").hardlink_to(folder / "walk.wav")
    options = ("--encoder", "spectral", "--fingerprints", "--quiet")
    done = command("index", folder / "sounds", "--library", made / "library", *options)
    assert done.returncode == 0, done.stderr
    return made


@pytest.mark.parametrize("keep", [(), ("--keep", 1)])
def test_recordings_are_told_by_a_library_that_names_no_sounds(nameless: Path, keep: tuple[object, ...]):
    (begun,) = [one for one in heard(nameless, "--exact", *keep) if one["state"] == "begun"]
    assert (begun["kind"], begun["of"], begun["clip_id"]) == ("exact", "siren", 1)
    assert begun["start_s"] == pytest.approx(6, abs=0.5)


def test_an_example_is_told_by_a_library_that_names_no_sounds(nameless: Path):
    begun = [one for one in heard(nameless, "--clip", 1, "--least", 0.3) if one["state"] == "begun"]
    assert [one["kind"] for one in begun] == ["example"]


@pytest.mark.parametrize("wrong", [("--events", "Dog"), ("--text", "dog"), ("--text", "dog", "--exact")])
def test_what_a_library_lacks_is_named_only_where_it_is_asked_for(nameless: Path, wrong: tuple[str, ...]):
    done = command("listen", nameless / "walk.wav", *wrong, "--library", nameless / "library")
    assert done.returncode == 2
    assert "events need an encoder that names sounds" in done.stderr


def test_a_damaged_part_that_is_not_asked_for_stops_nothing(nameless: Path, tmp_path: Path):
    shutil.copytree(nameless / "library", tmp_path / "library")
    for part in (tmp_path / "library" / "fingerprints").rglob("*.npy"):
        part.write_bytes(b"")
    hear = ("listen", nameless / "walk.wav", "--library", tmp_path / "library", "--json")
    assert command(*hear, "--clip", 1).returncode == 0
    assert command(*hear, "--exact").returncode != 0


# --- a library ----------------------------------------------------------------------------------------------


def test_a_siren_is_told_as_an_event_by_words_by_example_and_by_its_recording(folder: Path):
    alerts = heard(
        folder, "--events", "siren", "--text", "siren", "--audio", folder / "sounds" / "siren.wav", "--exact"
    )
    begun = {one["kind"]: one for one in alerts if one["state"] == "begun"}
    assert set(begun) == {"event", "words", "example", "exact"}
    assert begun["event"]["of"] == "Siren"
    assert begun["exact"]["of"] == "siren"
    assert begun["exact"]["clip_id"] == 1
    assert begun["exact"]["start_s"] == pytest.approx(6, abs=0.5)
    for kind, one in begun.items():
        assert one["start_s"] >= 5 or kind == "example"  # of the whole window
        assert 6 <= one["end_s"] <= 13
        assert one["latency_s"] >= 0
    assert [one["kind"] for one in alerts if one["state"] == "ended"].count("event") == 1


def test_a_match_is_saved_with_what_is_around_it(folder: Path, tmp_path: Path):
    (ended,) = [one for one in heard(folder, "--events", "Siren", "--save", tmp_path) if one["state"] == "ended"]
    (file,) = tmp_path.iterdir()
    assert ended["saved"] == str(file)
    wave, rate_hz = soundfile.read(file)
    assert rate_hz == RATE_HZ
    assert len(wave) / RATE_HZ == pytest.approx(ended["end_s"] - ended["start_s"] + 3, abs=0.1)
    assert np.abs(wave).max() > 0.2


@contextmanager
def receiver() -> Iterator[tuple[str, list[tuple[dict, dict]]]]:
    """An address that is posted to, and the bodies and headers that came."""
    posted: list[tuple[dict, dict]] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            posted.append((body, dict(self.headers)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Taking) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", posted
        finally:
            server.shutdown()
            thread.join()


def test_alerts_are_posted_in_order(folder: Path):
    with receiver() as (url, posted):
        alerts = heard(folder, "--events", "Siren", "--webhook", url)
    assert [body for body, _ in posted] == alerts


def save(folder: Path, name: str, *question: object) -> None:
    done = command("searches", "save", name, *question, "--library", folder / "library")
    assert done.returncode == 0, done.stderr


def test_saved_searches_are_listened_for_under_their_names_and_each_as_sure_as_it_says(folder: Path):
    """By words, and by the sound that is kept with one."""
    save(folder, "alarms", "--text", "siren", "--least", 0.3)
    save(folder, "like this", "--audio", folder / "sounds" / "siren.wav", "--least", 0.2)
    save(folder, "only what is certain", "--text", "siren", "--least", 1)
    saved = [part for name in ("alarms", "like this", "only what is certain") for part in ("--saved", name)]
    alerts = heard(folder, *saved, "--least", 1)
    assert {(one["of"], one["kind"]) for one in alerts} == {("alarms", "words"), ("like this", "example")}
    listed = json.loads(command("searches", "list", "--json", "--library", folder / "library").stdout)
    ids = {one["name"]: one["id"] for one in listed}
    assert {one["of"]: one["search_id"] for one in alerts} == {name: ids[name] for name in ("alarms", "like this")}


@pytest.mark.parametrize(
    "asked",
    [
        ("--text", "siren", "--where", "duration_s < 9"),
        ("--text", "siren", "--not-text", "rain"),
        ("--notes", "C4 E4 G4 C5"),
    ],
)
def test_a_saved_search_that_no_live_sound_can_answer_is_refused_by_its_name(folder: Path, asked: tuple[str, ...]):
    name = f"refused {len(asked)} {asked[-1]}"
    save(folder, name, *asked)
    done = command("listen", folder / "walk.wav", "--saved", name, "--library", folder / "library")
    assert done.returncode == 2
    assert name in done.stderr
    gone = command("listen", folder / "walk.wav", "--saved", "nothing", "--library", folder / "library")
    assert gone.returncode == 2
    assert "no saved search 'nothing'" in gone.stderr


def test_alerts_of_a_saved_search_are_posted_to_its_webhook_signed(folder: Path):
    with receiver() as (url, posted):
        save(folder, "posted", "--text", "siren", "--webhook", url)
        alerts = heard(folder, "--saved", "posted", "--events", "Siren")
    assert [body for body, _ in posted] == [one for one in alerts if one["of"] == "posted"]
    assert all(headers["X-Soundalike-Signature"].startswith("sha256=") for _, headers in posted)


def test_saved_matches_become_clips_of_the_library(folder: Path, tmp_path: Path):
    shutil.copytree(folder / "library", tmp_path / "library")
    found = ("listen", folder / "walk.wav", "--events", "Siren", "--save", tmp_path / "matches", "--index")
    done = command(*found, "--library", tmp_path / "library")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    with soundalike.open_library(tmp_path / "library") as library:
        (saved,) = (tmp_path / "matches").iterdir()
        assert str(saved) in {clip.absolute_path for clip in library.reader.clips(library.clips.ids())}


# --- alerts for whoever follows ------------------------------------------------------------------------------


def followed(url: str, **headers: str) -> http.client.HTTPResponse:
    split = urlsplit(url)
    connection = http.client.HTTPConnection(split.hostname or "", split.port, timeout=PATIENCE_S)
    connection.request("GET", split.path, headers=headers)
    return connection.getresponse()


def alert(number: int) -> Alert:
    return Alert("begun", Seen("event", f"Dog {number}", 0.7, number, number + 1), 0.2)


def test_alerts_are_followed_and_who_comes_again_misses_none():
    with AlertStream("127.0.0.1", 0) as stream:
        for number in range(3):
            stream.report(alert(number))
        again = followed(stream.url, **{"Last-Event-ID": "1"})
        assert again.headers["Content-Type"] == "text/event-stream"
        late = followed(stream.url)
        late.readline()  # it is followed by now
        stream.report(alert(3))
    texts = [one.read().decode() for one in (again, late)]
    reported = [
        [json.loads(line[6:])["of"] for line in text.splitlines() if line.startswith("data: ")] for text in texts
    ]
    assert reported == [["Dog 1", "Dog 2", "Dog 3"], ["Dog 3"]]
    assert "id: 4\n" in texts[0]


def test_pages_of_other_sites_cannot_follow_under_a_name_of_theirs():
    with AlertStream("127.0.0.1", 0) as stream:
        assert followed(stream.url, Host="evil.example").status == 421
        assert followed(stream.url + "else").status == 404


def test_listen_serves_its_alerts(folder: Path, monkeypatch):
    """What is heard comes once somebody follows, so that nothing hangs on who is first."""
    asked, texts, decoded = threading.Event(), [], Stream._decoded
    begun = AlertStream.__enter__

    def entered(self: AlertStream) -> AlertStream:
        stream = begun(self)
        answer = followed(stream.url)
        thread = threading.Thread(target=lambda: texts.append(answer.read().decode()))
        thread.start()
        readers.append(thread)
        asked.set()
        return stream

    def when_asked(self: Stream) -> Iterator[LiveBlock]:
        assert asked.wait(PATIENCE_S)
        yield from decoded(self)

    readers: list[threading.Thread] = []
    monkeypatch.setattr(AlertStream, "__enter__", entered)
    monkeypatch.setattr(Stream, "_decoded", when_asked)
    alerts = heard(folder, "--events", "Siren", "--stream", "0")
    readers[0].join()
    assert [json.loads(line[6:]) for line in texts[0].splitlines() if line.startswith("data: ")] == alerts


@pytest.mark.parametrize(
    "wrong",
    [
        (),
        ("--events", "Dog", "--index"),
        ("--events", "Dog", "--stream", "many"),
        ("--events", "Dog", "--stream", "70000"),
        ("--events", "Dog", "--stream", "192.0.2.1:0"),
        ("--events", "No such thing"),
        ("--events", "Dog", "--least", "0"),
        ("--events", "Dog", "--webhook", "nowhere"),
        ("--events", "Dog", "--keep", "0"),
    ],
)
def test_what_makes_no_sense_is_refused(folder: Path, wrong: tuple[str, ...]):
    done = command("listen", folder / "walk.wav", *wrong, "--library", folder / "library")
    assert done.returncode == 2
    assert done.stderr
