"""Adapted encoders and copies of the shipped weights: what they keep of their base, and where they are found."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from importlib import resources

import numpy as np
import pytest
import soundfile

from search import wiring
from search.catalog.store import Catalog
from search.cli import main
from search.encoders import adapted, soundalike
from search.engine.confidence import MN04, NAMES, fitted, fitted_as
from search.model import Space
from search.ports import MeaningReader, WordReader
from tests.search.catalog_helpers import FilledCatalog, spec
from tests.search.encoder_helpers import settings
from tests.search.old_catalogs import catalog_at

SHIPPED = "cnn:soundalike-1"
RATE_HZ = 16_000


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def shipped(home):
    return wiring.encoder(SHIPPED, settings(home))


@pytest.fixture(scope="module")
def small_change(shipped):
    """An adapter that turns the space a little, in units of the shipped calibration."""
    rng = np.random.default_rng(2)
    down = (rng.standard_normal((shipped.spec.dim, 8)) / shipped.spec.dim**0.5).astype(np.float32)
    up = (0.05 * rng.standard_normal((8, shipped.spec.dim))).astype(np.float32)
    return adapted.Adapter(down, up, shipped.spec.calibration)


@pytest.fixture
def adapter_file(tmp_path, shipped, small_change):
    adapted.write(tmp_path / "foley.safetensors", small_change, shipped.spec, ["a", "b"])
    return tmp_path / "foley.safetensors"


@pytest.fixture
def copy_file(tmp_path):
    """The shipped weights under another name."""
    with resources.as_file(resources.files("search.encoders").joinpath("data", soundalike.FILE)) as own:
        return shutil.copy(own, tmp_path / "mine.safetensors")


@pytest.fixture
def sounds(tmp_path):
    """A folder of three sounds that the shipped encoder has classes for."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    at = np.arange(2 * RATE_HZ) / RATE_HZ
    hiss = np.random.default_rng(1).standard_normal(len(at))
    for name, wave in {
        "a": 0.3 * np.sin(2 * np.pi * 440 * at),
        "b": 0.1 * hiss,
        "c": 0.3 * np.sin(2 * np.pi * (200 * at + 400 * at**2)),
    }.items():
        soundfile.write(folder / f"{name}.wav", wave, RATE_HZ)
    return folder


def space_of(encoder_spec, **changes):
    names = Space.__dataclass_fields__
    return Space(
        1, **{**{name: getattr(encoder_spec, name) for name in names if name not in ("id", "state")}, **changes}
    )


def test_words_go_through_the_adapter_and_mean_what_they_meant(shipped, small_change):
    """It promises what a word reader does: the vectors of `encode_text`, and the classes of the encoder beneath."""
    encoder = adapted.adapted(shipped, small_change, "adapted:/x.safetensors", "x")
    assert isinstance(encoder, WordReader)
    texts = ["puppy barking", "rain"]
    read = encoder.read_text(texts)
    np.testing.assert_array_equal(read.vectors, encoder.encode_text(texts))
    np.testing.assert_array_equal(read.vectors, small_change.apply(shipped.read_text(texts).vectors))
    np.testing.assert_array_equal(read.meant, shipped.read_text(texts).meant)
    assert isinstance(encoder, MeaningReader)
    np.testing.assert_array_equal(encoder.meanings(texts), shipped.meanings(texts))
    waves = np.random.default_rng(3).normal(0, 0.1, (1, shipped.spec.window_samples)).astype(np.float32)
    framed, base = encoder.encode_frames(waves), shipped.encode_frames(waves)
    np.testing.assert_array_equal(framed.tags, base.tags)
    np.testing.assert_array_equal(framed.windows.vectors, encoder.encode_audio(waves).vectors)
    vectors = encoder.frame_vectors(waves)
    np.testing.assert_allclose(encoder.encode_frames(waves, with_vectors=True).vectors, vectors, atol=1e-6)
    np.testing.assert_array_equal(vectors[0], small_change.apply(shipped.frame_vectors(waves)[0]))
    twice = adapted.adapted(encoder, small_change, "adapted:/y.safetensors", "y")
    assert isinstance(twice, WordReader)
    assert twice.spec.adapts == encoder.spec.adapts == shipped.spec.fingerprint


def test_an_adapter_over_an_encoder_that_cannot_read_reads_no_words(home):
    spectral = wiring.encoder("spectral", settings(home))
    still = adapted.Adapter(np.zeros((spectral.spec.dim, 1), np.float32), np.zeros((1, spectral.spec.dim), np.float32))
    assert not isinstance(adapted.adapted(spectral, still, "adapted:/x", "x"), WordReader)


def test_the_fits_are_those_of_the_weights_whatever_their_file_is_called(home, shipped, copy_file, adapter_file):
    """A copy, an adapter and the encoder itself are one; other weights are judged as mn04."""
    spectral = wiring.encoder("spectral", settings(home)).spec
    assert NAMES[shipped.spec.fingerprint] == SHIPPED
    assert NAMES[spectral.fingerprint] == "spectral"
    copy = wiring.encoder(f"cnn:{copy_file}", settings(home)).spec
    over_copy = wiring.encoder(f"adapted:{adapter_file}", settings(home)).spec
    for facts in (shipped.spec, copy, over_copy):
        assert fitted_as(space_of(facts)) == SHIPPED
        assert fitted(space_of(facts)) is fitted(space_of(shipped.spec)) is not MN04
    assert fitted(space_of(copy, fingerprint="other")) is MN04
    assert fitted(space_of(over_copy, adapts="other")) is MN04


def test_mn04_is_known_by_its_fingerprint(home, shared):
    found = wiring.encoder("cnn:mn04", settings(home, (shared / "models",))).spec
    assert NAMES[found.fingerprint] == "cnn:mn04"


def search(library, text, capsys):
    assert main(["search", "--text", text, "--library", str(library), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.thorough
def test_words_keep_their_probabilities_and_verdicts_after_an_adapter_and_in_a_copy(
    tmp_path, sounds, adapter_file, copy_file, capsys
):
    """The same questions of one library, encoded by each in turn; a small change of the space changes little."""
    library = tmp_path / "library"
    assert main(["index", str(sounds), "--library", str(library), "--encoder", SHIPPED, "--quiet"]) == 0
    answers = {}
    for name in (SHIPPED, f"adapted:{adapter_file}", f"cnn:{copy_file}"):
        assert main(["reindex", "--library", str(library), "--encoder", name]) == 0
        capsys.readouterr()
        answers[name] = [search(library, text, capsys) for text in ("sine wave", "puppy barking")]
    plain = answers[SHIPPED]
    assert plain[0]["verdict"] == "good"
    assert plain[1]["verdict"] == "none"
    for found in answers.values():
        for answer, before in zip(found, plain, strict=True):
            assert answer["verdict"] == before["verdict"]
            sure = {hit["clip_id"]: hit["probability"] for hit in answer["hits"]}
            assert sure == pytest.approx({hit["clip_id"]: hit["probability"] for hit in before["hits"]}, abs=0.1)


def test_a_library_finds_an_encoder_that_was_named_by_a_relative_path_from_any_folder(
    tmp_path, sounds, adapter_file, copy_file, monkeypatch, capsys
):
    """Indexed as README says, beside the file; then asked and indexed again from elsewhere."""
    (tmp_path / "elsewhere").mkdir()
    for name in (f"adapted:{adapter_file.name}", f"cnn:{copy_file.name}"):
        monkeypatch.chdir(tmp_path)
        library = tmp_path / f"library of {name[:3]}"
        assert main(["index", str(sounds), "--library", str(library), "--encoder", name, "--quiet"]) == 0
        monkeypatch.chdir(tmp_path / "elsewhere")
        assert len(search(library, "sine wave", capsys)["hits"]) == 3
        assert main(["index", str(sounds), "--library", str(library), "--json"]) == 0
        family, _, file = name.partition(":")
        assert json.loads(capsys.readouterr().out)["space"] == f"{family}:{tmp_path / file}"


def test_a_space_of_a_relative_path_that_an_older_version_recorded_goes_on_under_the_absolute_one(tmp_path):
    """It is one space still; another file's, other vectors' and a packaged encoder's stay what they are."""
    catalog = FilledCatalog(tmp_path).catalog
    old = catalog.space(spec(name="adapted:models/foley.safetensors", fingerprint="a" * 64))
    named = catalog.space(spec(name="cnn:soundalike-1", fingerprint="b" * 64))
    new = catalog.space(spec(name="adapted:/home/me/models/foley.safetensors", fingerprint="a" * 64))
    assert (new.id, new.name) == (old.id, "adapted:/home/me/models/foley.safetensors")
    for name, mark in (("adapted:/other/foley.safetensors", "c"), ("cnn:/home/me/mine.safetensors", "b")):
        assert catalog.space(spec(name=name, fingerprint=mark * 64)).id not in (old.id, named.id)
    assert {space.name for space in catalog.spaces()} >= {named.name, new.name}
    catalog.close()


def test_a_library_of_the_version_before_learns_what_lies_beneath_at_its_next_job(tmp_path):
    """Until then it is read as it is, by whom may not write too; then the encoder at hand says it."""
    facts = spec()
    path = catalog_at("0004", tmp_path / "catalog.sqlite", [(facts.name, facts.fingerprint)])
    with Catalog.open(path, create=False, read_only=True) as catalog:
        assert [space.adapts for space in catalog.spaces()] == [None]
    with Catalog.open(path) as catalog:
        assert [space.adapts for space in catalog.spaces()] == [None]
        assert catalog.space(replace(facts, adapts="e" * 32)).adapts == "e" * 32


def test_a_file_that_is_gone_is_named_in_full_with_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("adapted:gone.safetensors", "cnn:gone.safetensors"):
        assert main(["index", str(tmp_path), "--library", str(tmp_path / "l"), "--encoder", name]) == 3
        said = capsys.readouterr().err
        assert str(tmp_path / "gone.safetensors") in said
        assert "soundalike reindex --encoder" in said
        assert "put it back" in said
