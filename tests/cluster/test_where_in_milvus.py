"""`where` finds through Milvus what an exact index finds: random filters on 5,000 vectors.

``MILVUS_WHERE`` says how many (the figure: 500); each is asked with two questions, before and after a part changed.
"""

from __future__ import annotations

import os
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.analysis.facts.definitions import VERSION, packed
from search.columns import ClipColumns
from search.columns.where import And, IsPresent, Not, NumberIs, Or, OwnTagIs, TagIs, TagProbabilityIs, TextIs, WordIs
from search.model import DescribeClip, KeepFacts, MarkMissing, RemoveClip, StoredFacts
from search.vectors.exact import ExactIndex
from search.vectors.milvus.kept import open_milvus
from tests.search.catalog_helpers import VOCABULARY, FilledCatalog, spec
from tests.search.test_columns import LIKELY
from tests.search.vector_helpers import DIM, clumped

pytestmark = pytest.mark.cluster

CLIPS = 1_700
SEGMENTS = 5_000
FILTERS = int(os.environ.get("MILVUS_WHERE", "150"))
ROOMS = ("rain", "Horn", "a/b", "Straße", "x")
ORDERS = ["=", "!=", "<", "<=", ">", ">="]

USUAL = st.one_of(
    st.builds(
        TextIs, st.sampled_from(["path", "folder"]), st.just("~"), st.sampled_from([*ROOMS, "1", "17", "strasse"])
    ),
    st.builds(NumberIs, st.just("duration_s"), st.sampled_from(ORDERS), st.integers(0, 60).map(float)),
    st.builds(NumberIs, st.just("loudness"), st.sampled_from(ORDERS), st.integers(-60, 0).map(float)),
    st.builds(IsPresent, st.just("loudness"), st.sampled_from(["=", "!="])),
    st.builds(WordIs, st.just("defects"), st.sampled_from(["=", "!="]), st.sampled_from(["hum", "clipping", ""])),
    st.builds(TagIs, st.sampled_from(["=", "!=", "~"]), st.sampled_from([*VOCABULARY, "hero"])),
    st.builds(OwnTagIs, st.sampled_from(["=", "!="]), st.sampled_from(["hero", "wet", ""])),
    st.builds(TagProbabilityIs, st.sampled_from(VOCABULARY), st.sampled_from(ORDERS), st.floats(0, 1)),
    LIKELY,
)
"""What somebody asks of a library like the one below: filters that let much, little or nothing pass."""
WHERE = st.one_of(
    USUAL,
    st.builds(Not, USUAL),
    st.builds(And, st.tuples(USUAL, USUAL)),
    st.builds(Or, st.tuples(USUAL, USUAL)),
    st.builds(And, st.tuples(USUAL, st.builds(Or, st.tuples(USUAL, USUAL)))),
)


@pytest.fixture(scope="module")
def library(server, tmp_path_factory):
    """5,000 segments of clips in folders, of which a fifth came, changed or went since Milvus was published."""
    rng = random.Random(20)
    filled = FilledCatalog(tmp_path_factory.mktemp("where"))
    space = filled.space = filled.catalog.space(replace(spec("wide"), dim=DIM))
    rows = clumped(SEGMENTS, 1).astype(np.float16)
    clips = []
    for at, some in enumerate(np.array_split(rows, CLIPS)):
        name = f"{ROOMS[at * len(ROOMS) // CLIPS]}/{rng.choice(ROOMS)} {at}.wav"
        clip = filled.add(name, n=len(some), seed=at, duration_s=rng.uniform(0, 60), space=space)
        clips.append(replace(clip, encoding=replace(clip.encoding, vectors=some)))
    old = 4 * CLIPS // 5
    filled.apply(*clips[:old])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MILVUS_URI", server.url)
        index = open_milvus(tmp_path_factory.mktemp("index") / "index", DIM, "cpu")
        index.publish(lambda since: filled.catalog.changes(filled.space.id, since), filled.catalog.sequence())
    filled.apply(*clips[old:])
    ids = list(range(1, CLIPS + 1))
    filled.apply(*(RemoveClip(one) for one in rng.sample(ids[:old], 30)))
    left = sorted(filled.ids().values())
    filled.apply(*(MarkMissing(one) for one in rng.sample(left, 40)))
    filled.apply(
        *(DescribeClip(one, "rain", {}, rng.choice([("Hero",), ("wet", "hero"), ()])) for one in rng.sample(left, 200))
    )
    facts = [
        {
            "channels": 1,
            "loudness": float(rng.randint(-60, 0)),
            "defects": rng.choice([(), ("hum",), ("hum", "clipping")]),
        }
        for _ in left
    ]
    filled.apply(
        *(KeepFacts(one, StoredFacts(VERSION, packed(fact))) for one, fact in zip(left, facts, strict=True) if one % 3)
    )
    index.follow(lambda since: filled.catalog.changes(filled.space.id, since))
    exact = ExactIndex(DIM)
    for change in filled.catalog.changes(filled.space.id, 0):
        exact.remove(change.segment_ids) if change.vectors is None else exact.add(change.segment_ids, change.vectors)
    yield ClipColumns.build(filled.catalog, filled.space), index.view, exact
    filled.catalog.close()


def test_filters_at_random_find_what_an_exact_index_finds(library, at_server):
    columns, index, exact = library
    assert SEGMENTS - 200 <= len(exact) == len(index)
    rng, questions = np.random.default_rng(20), clumped(400, 2)
    asked, seen = [], set()

    @settings(max_examples=FILTERS, database=None)
    @given(WHERE)
    def same(where):
        among = columns.bitmap(columns.clips_where(where))
        queries = questions[rng.integers(0, len(questions), 2)]
        found, truth = index.search(queries, 10, among), exact.search(queries, 10, among)
        asked.append(int(np.unpackbits(among).sum()))
        seen.add(repr(where))
        np.testing.assert_array_equal(found[1], truth[1], err_msg=repr(where))
        np.testing.assert_allclose(found[0], truth[0], atol=1e-6)

    same()
    assert len(asked) >= FILTERS
    passing = np.asarray(asked)
    print(f"{len(asked)} filters, {len(seen)} different; 0, 1 to 512 and more pass:")
    print((passing == 0).sum(), ((passing > 0) & (passing <= 512)).sum(), (passing > 512).sum())
    assert (passing > 512).sum() >= FILTERS // 5, "of these the server found the candidates"
    assert ((passing > 0) & (passing <= 512)).sum() >= FILTERS // 20
