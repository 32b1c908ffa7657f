"""The adapter with which MTEB runs encoders of Soundalike, on a generated task."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from search import wiring
from search.settings import Settings
from tests.documentation.snippets import PROJECT

mteb = pytest.importorskip("mteb", reason="mteb is not installed: pip install mteb")

RATE_HZ = 16_000
PITCHES_HZ = (300, 1_200, 4_800)


@pytest.fixture(scope="module")
def adapter():
    """The example, as a module."""
    spec = importlib.util.spec_from_file_location("mteb_adapter", PROJECT / "examples" / "mteb_adapter.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sound(hertz, seed):
    noise = 0.02 * np.random.default_rng(seed).standard_normal(RATE_HZ)
    return 0.3 * np.sin(2 * np.pi * hertz * np.arange(RATE_HZ) / RATE_HZ) + noise


def item(samples):
    return {"array": samples, "sampling_rate": RATE_HZ}


def test_mteb_reranks_with_an_encoder_of_soundalike(adapter, tmp_path):
    """Each tone is asked among others of its pitch and of two more: an encoder that hears pitch puts its own first."""
    from datasets import Dataset
    from datasets.table import InMemoryTable
    from mteb.abstasks.retrieval import AbsTaskRetrieval
    from mteb.abstasks.task_metadata import TaskMetadata

    clips = {f"{hertz} {take}": item(sound(hertz, hertz + take)) for hertz in PITCHES_HZ for take in range(3)}
    queries = {f"q{hertz}": item(sound(hertz, hertz + 9)) for hertz in PITCHES_HZ}

    def in_a_table(sounds):
        columns = {"id": list(sounds), "audio": list(sounds.values())}
        return Dataset(InMemoryTable.from_pydict(columns), fingerprint=f"{len(sounds)} tones")

    class Tones(AbsTaskRetrieval):
        metadata = TaskMetadata(
            name="Tones", description="Tones by their pitch.", type="Any2AnyRetrieval", category="a2a",
            modalities=["audio"], eval_splits=["test"], eval_langs=["eng-Latn"], main_score="map_at_10",
            dataset={"path": "made/here", "revision": "1"}, bibtex_citation="",
        )  # fmt: skip

        def load_data(self, **_):
            relevant = {f"q{hertz}": {f"{hertz} {take}": 1 for take in range(3)} for hertz in PITCHES_HZ}
            self.dataset = {
                "default": {
                    "test": {
                        "corpus": in_a_table(clips),
                        "queries": in_a_table(queries),
                        "relevant_docs": relevant,
                        "top_ranked": None,
                    }
                }
            }
            self.data_loaded = True

    model = adapter.SoundalikeEncoder("spectral")
    results = mteb.evaluate(model, Tones(), cache=mteb.ResultCache(tmp_path), show_progress_bar=False)
    (result,) = results.task_results
    assert result.get_score() == pytest.approx(1.0)
    assert results.model_name == "soundalike/spectral"


def test_a_sound_has_the_vector_that_the_encoder_gives_it(adapter):
    """Resampled to its rate, cut into its windows; of several channels the mean; texts as it reads them."""
    model, encoder = adapter.SoundalikeEncoder("spectral"), wiring.encoder("spectral", Settings.from_env({}))
    samples = sound(440, 1).astype(np.float32)
    (mono,) = model.encode([{"audio": [item(samples)]}])
    (stereo,) = model.encode([{"audio": [item(np.stack([samples, samples]))]}])
    assert np.linalg.norm(mono) == pytest.approx(1.0, abs=1e-5)
    np.testing.assert_allclose(mono, stereo, atol=1e-5)
    assert mono.shape == (encoder.spec.dim,)
    assert model.similarity(mono, stereo)[0, 0] == pytest.approx(1.0, abs=1e-5)
    assert model.similarity_pairwise(mono, stereo)[0] == pytest.approx(1.0, abs=1e-5)
