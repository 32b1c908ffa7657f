"""A corpus of procedural sounds that is small enough for tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from search.settings import Settings
from training import procedural
from training.corpus import Corpus, write_corpus


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Twelve short sounds of six kinds."""
    folder: Path = tmp_path_factory.mktemp("corpus") / "procedural"
    write_corpus(folder, procedural.sounds(12, seed=5))
    return Corpus.open(folder)


@pytest.fixture
def settings_of(tmp_path: Path) -> Settings:
    """Settings that use no place outside a test's folder."""
    return Settings(library=tmp_path / "library", models=(), model_cache=tmp_path / "cache", device="cpu", offline=True)
