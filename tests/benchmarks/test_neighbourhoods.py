"""The comparison of ways to use a library's structure, and of tags in addition to names."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.fitting.neighbourhood_forms import FORMS, Forms, Material
from benchmarks.fitting.neighbourhoods import Clips, Tasks, take_of


def clips(count: int = 60, dim: int = 6) -> Clips:
    """Clips of three kinds, two segments each, in two collections; takes in pairs."""
    rng = np.random.default_rng(3)
    centres = np.eye(dim)[np.arange(count) % 3]
    rows = np.repeat(centres, 2, axis=0) + 0.4 * rng.standard_normal((2 * count, dim))
    vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return Clips(
        vectors,
        np.repeat(np.arange(count), 2),
        tuple(frozenset({f"kind{i % 3}"}) for i in range(count)),
        tuple(frozenset({f"take{i // 6}{i % 3}"}) for i in range(count)),
        tuple(f"collection{i % 2}" for i in range(count)),
    )


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_a_similarity_that_ranks_kinds_better_than_chance(form: str) -> None:
    """Of three kinds as frequent as each other a random order has an mAP of about a third."""
    tasks = Tasks(clips(), 60, seed=1)
    similarity = FORMS[form](Forms(tasks.material))
    assert similarity.shape == (len(tasks.material.queries), 120)
    row = tasks.row(form, similarity)
    assert row.kinds > 0.6


def test_the_chosen_form_is_plain_for_a_copy_and_smoothed_for_what_is_far() -> None:
    """A query that is a segment of the library keeps a similarity of one with it."""
    some = clips()
    forms = Forms(Material(some.vectors, some.own, some.vectors[:5], np.full(5, -1)))
    assert np.diag(forms.chosen()[:, :5]) == pytest.approx(np.ones(5), abs=1e-5)
    far = forms.plain < 0
    np.testing.assert_allclose(forms.without_crowds()[far], forms.both()[far], atol=1e-5)


def test_takes_share_a_folder_and_a_name_without_numbers() -> None:
    """Numbers and capitals tell takes apart, folders and words tell sounds apart."""
    assert take_of("sounds/metalHit_2.ogg") == take_of("sounds/metal_hit-10.ogg")
    assert take_of("sounds/metal_hit.ogg") != take_of("other/metal_hit.ogg")
    assert take_of("sounds/metal_hit.ogg") != take_of("sounds/wood_hit.ogg")
