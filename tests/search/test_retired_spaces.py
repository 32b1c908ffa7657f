"""Two revisions of one encoder, and two encoders, in one library: what can be queried, and what is kept."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from search import wiring
from search.cli import main
from search.encoders import adapted
from search.errors import QueryError
from search.library import maintenance, verifying
from search.model import AudioPart, ClipPart, NotesPart, Query, RecommendQuery, TextPart
from search.service.app import create_app
from search.service.config import ServiceConfig
from search.service.service import Service
from search.settings import Settings

RATE_HZ = 16_000
NAMES = ("dog", "rain", "bell", "horn")


def settings(folder: Path) -> Settings:
    return Settings(library=folder / "library", models=(), model_cache=folder / "models", device="cpu")


def tone(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    noise = np.convolve(rng.standard_normal(RATE_HZ), rng.standard_normal(40), "same")
    return (0.3 * noise / np.abs(noise).max()).astype(np.float32)


@dataclass
class Place:
    """A folder of sounds, an adapter over ``spectral``, and a library that was made with it."""

    folder: Path

    @property
    def encoder(self) -> str:
        return f"adapted:{self.folder / 'mine.safetensors'}"

    @property
    def sounds(self) -> Path:
        return self.folder / "sounds"

    def train(self, seed: int) -> None:
        """Put another adapter into the file."""
        base = wiring.encoder("spectral", settings(self.folder)).spec
        rng = np.random.default_rng(seed)
        down, up = (0.1 * rng.standard_normal(shape).astype(np.float32) for shape in ((base.dim, 2), (2, base.dim)))
        adapted.write(self.folder / "mine.safetensors", adapted.Adapter(down, up), base, ["a", "b"])

    def run(self, *arguments: str) -> int:
        return main([*arguments, "--library", str(self.folder / "library")])

    def library(self):
        return wiring.library(self.folder / "library", settings(self.folder))


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path)
    made.sounds.mkdir()
    for seed, name in enumerate(NAMES):
        soundfile.write(made.sounds / f"{name}.wav", tone(seed), RATE_HZ)
    made.train(1)
    assert made.run("index", str(made.sounds), "--encoder", made.encoder, "--quiet") == 0
    return made


def found(answer) -> list[str]:
    return [hit.title for hit in answer.hits]


def clip_id(library, name: str) -> int:
    return next(clip.id for clip in library.reader.clips(range(1, 20)) if clip.title == name)


def retire(library) -> None:
    with library.writer.lease("test", wait_s=5) as lease:
        maintenance.retire(library, library.spaces.get(), lease)
    library.refresh()


def test_a_reindex_that_lacked_a_file_leaves_a_library_that_answers_everything(place, capsys):
    """The file's disk is unplugged: its old vectors stay, all else is encoded anew, and a second reindex finishes."""
    (place.sounds / "dog.wav").rename(place.folder / "unplugged.wav")
    place.train(2)
    assert place.run("reindex") == 1
    assert "1 contents could not be encoded again" in capsys.readouterr().err
    with place.library() as library:
        assert [space.state for space in library.reader.spaces()] == ["retired", "active"]
        assert found(library.search(Query((AudioPart(str(place.sounds / "rain.wav")),))))[0] == "rain"
        assert found(library.search(Query((TextPart("dog"),)))) == ["dog"]
        assert len(found(library.search(Query((ClipPart(clip_id(library, "dog")),))))) == 3
        assert len(found(library.search(Query((ClipPart(clip_id(library, "rain")),))))) == 3
        assert library.recommend(RecommendQuery(likes=(ClipPart(clip_id(library, "rain")),))).hits
        assert library.search(Query((NotesPart("C4 D4 E4 F4"),))).verdict == "none"
        assert verifying.verify(library) == []
    assert place.run("verify") == 0
    (place.folder / "unplugged.wav").rename(place.sounds / "dog.wav")
    assert place.run("reindex") == 0
    with place.library() as library:
        (space,) = library.reader.spaces()
        assert space.state == "active"
        assert len(library.view().of()[0].index) == len(NAMES)
        assert verifying.verify(library) == []


def test_while_nothing_is_encoded_again_yet_clips_and_words_answer_and_sounds_say_why_not(place):
    with place.library() as library:
        rain = clip_id(library, "rain")
        before = found(library.search(Query((ClipPart(rain),))))
        retire(library)
        assert found(library.search(Query((ClipPart(rain),)))) == before
        assert found(library.search(Query((TextPart("rain"),)))) == ["rain"]
        with pytest.raises(QueryError, match=r"waits to be encoded again.*soundalike reindex"):
            library.search(Query((AudioPart(str(place.sounds / "rain.wav")),)))
        assert library.recommend(RecommendQuery(likes=(ClipPart(rain),))).hits
        assert verifying.verify(library) == []


def test_a_clip_that_came_during_a_reindex_is_found_beside_the_others(place):
    """It has vectors in the new space alone, the others in the old one alone."""
    with place.library() as library:
        retire(library)
    place.train(2)
    soundfile.write(place.folder / "new.wav", tone(9), RATE_HZ)
    assert place.run("index", str(place.folder / "new.wav"), "--encoder", place.encoder, "--quiet") == 0
    with place.library() as library:
        assert found(library.search(Query((AudioPart(str(place.folder / "new.wav")),)))) == ["new"]
        assert len(found(library.search(Query((ClipPart(clip_id(library, "rain")),))))) == 3
        both = Query((ClipPart(clip_id(library, "rain")), ClipPart(clip_id(library, "new"))))
        with pytest.raises(QueryError, match="has no vectors in space"):
            library.search(both)
        assert verifying.verify(library) == []


def test_a_running_service_takes_up_a_new_adapter_and_lets_the_old_one_go(place):
    wave = (place.sounds / "rain.wav").read_bytes()
    with place.library() as library:
        client = create_app(Service.over(library, ServiceConfig(place.folder / "library"))).test_client()

        def ask() -> list[str]:
            answer = client.post("/api/v1/search", data={"audio": (io.BytesIO(wave), "rain.wav")})
            assert answer.status_code == 200, answer.get_json()
            return [hit["title"] for hit in answer.get_json()["hits"]]

        assert ask()[0] == "rain"
        (old,) = library.reader.spaces()
        place.train(2)
        assert place.run("reindex") == 0
        library.refresh()
        assert ask()[0] == "rain"
        (new,) = library.reader.spaces()
        assert new.fingerprint != old.fingerprint
        assert list(library.encoders._loaded) == [new.fingerprint]
        assert [view.space.id for view in library.view().spaces] == [new.id]
        assert not library.spaces.folder(old).exists()


def test_two_encoders_live_side_by_side_and_each_is_searched_by_name(place, capsys):
    assert place.run("index", str(place.sounds), "--encoder", "spectral", "--quiet") == 0
    asked = ("search", "--audio", str(place.sounds / "bell.wav"), "--json")
    for space in (place.encoder, "spectral"):
        capsys.readouterr()
        assert place.run(*asked, "--space", space) == 0
        (first, *_) = json.loads(capsys.readouterr().out)["hits"]
        assert first["title"] == "bell"
    assert place.run(*asked) == 0
    assert json.loads(capsys.readouterr().out)["hits"][0]["title"] == "bell"
    assert place.run(*asked, "--space", "clap") == 2
    with place.library() as library:
        client = create_app(Service.over(library, ServiceConfig(place.folder / "library"))).test_client()
        bell = clip_id(library, "bell")
        for space in (place.encoder, "spectral"):
            answer = client.post("/api/v1/search", json={"parts": [{"clip_id": bell}], "space": space})
            assert answer.status_code == 200, answer.get_json()
            assert len(answer.get_json()["hits"]) == len(NAMES) - 1
        assert client.post("/api/v1/search", json={"parts": [{"clip_id": bell}], "space": "clap"}).status_code == 422
        assert verifying.verify(library) == []


def test_a_new_revision_of_one_encoder_leaves_the_other_alone(place):
    assert place.run("index", str(place.sounds), "--encoder", "spectral", "--quiet") == 0
    place.train(2)
    assert place.run("reindex") == 0
    with place.library() as library:
        assert {space.name for space in library.reader.spaces()} == {place.encoder, "spectral"}
        assert {len(view.index) for view in library.view().of()} == {len(NAMES)}


def test_reindex_with_another_encoder_replaces_every_other(place):
    assert place.run("reindex", "--encoder", "spectral") == 0
    with place.library() as library:
        assert [space.name for space in library.reader.spaces()] == ["spectral"]
