"""A library on PostgreSQL, S3, Ray and Milvus behaves like one in a folder, from the first command to the last.

``CLUSTER_CLIPS`` and ``CLUSTER_QUESTIONS`` say how many; the figures of docs/figures/stores.md have 2,000 and 500.
"""

from __future__ import annotations

import json
import os
import random
import time
from pathlib import Path

import pytest
import soundfile

from indexer.workers import Crew
from search import wiring
from search.catalog.store import Catalog
from search.ground.extras import is_installed
from search.model import ClipPart, Query, TextPart
from search.settings import Settings
from tests.commandline import soundalike
from tests.service.conftest import RATE_HZ, noise, serving
from tests.waiting import LAST_LOOK_S, wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(3600)]

CLIPS = int(os.environ.get("CLUSTER_CLIPS", "96"))
QUESTIONS = int(os.environ.get("CLUSTER_QUESTIONS", "48"))
WORDS = [
    f"{a}{b}" for a in ("ra", "do", "thun", "kni", "bel", "si", "wo", "cla") for b in ("in", "g", "der", "fe", "l")
]
ODDS = [1 / (rank + 1) for rank in range(len(WORDS))]
K = 10
LOST = "it was lost with its node or process"


@pytest.fixture(scope="module")
def s3():
    stores = pytest.importorskip("tests.s3")
    with stores.served() as server:
        yield server


@pytest.fixture(scope="module")
def nodes(s3, server):
    """Ray, whose nodes have the addresses and keys of the other servers."""
    if not is_installed("ray"):
        pytest.skip("Ray is not installed: pip install 'soundalike[ray]'")
    from tests.cluster.raying import three_nodes

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MILVUS_URI", server.url)
        patch.setenv("SOUNDALIKE_ENCODER", "spectral")
        with three_nodes() as nodes:
            yield nodes


@pytest.fixture(scope="module")
def sounds(tmp_path_factory, s3) -> tuple[Path, str]:
    """The same sounds in a folder and in a bucket, with names of words as common and as rare as in life."""
    rng = random.Random(20)
    folder, bucket = tmp_path_factory.mktemp("sounds"), s3.bucket()
    for number in range(CLIPS):
        place = folder / f"{number % 7}"
        place.mkdir(exist_ok=True)
        file = place / f"{'_'.join(rng.choices(WORDS, ODDS, k=rng.randint(1, 5)))}_{number}.wav"
        soundfile.write(file, noise(number, 1.0 + number % 5), RATE_HZ)
        s3.put(bucket, f"sounds/{file.relative_to(folder)}", file.read_bytes())
    return folder, f"s3://{bucket}"


@pytest.fixture(scope="module")
def library(nodes, sounds, postgresql, tmp_path_factory) -> tuple[Path, list[str]]:
    """The library on servers, filled by actors on Ray of which two and a node were lost; how it was made."""
    folder, catalog = tmp_path_factory.mktemp("cluster") / "library", postgresql.new()
    database = catalog.partition("?")[0].rpartition("/")[2]
    postgresql._ask(f"ALTER DATABASE {database} SET synchronous_commit = on")  # which `doctor` asks for
    urls = ["--catalog", catalog, "--store", f"{sounds[1]}/library"]
    made = soundalike("init", "--library", folder, *urls, "--index", "milvus")
    assert made.returncode == 0, made.stderr
    doctor = soundalike("doctor", "--library", folder)
    assert doctor.returncode == 0, doctor.stdout

    losses = [lambda crew: nodes.lose(crew._workers[0]._actor)] * 2 + [lambda _crew: nodes.lose_one()]
    work = Catalog.open(catalog).chunks
    look = Crew.check

    def check(crew: Crew, done: int) -> None:
        """Called after each chunk that is put: what is put later is still to be done, whatever is lost now."""
        look(crew, done)
        if losses and (at := work.current()) is not None:
            _until_somebody_works(lambda: work.counts(at.id), crew)
            losses.pop(0)(crew)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Crew, "check", check)
        words = ["--share", 3, "--workers", 1, "--on", "ray", "--json"]
        indexed = soundalike("index", f"{sounds[1]}/sounds", "--library", folder, *words)
    assert indexed.returncode == 0, indexed.stderr
    assert losses == []
    assert json.loads(indexed.stdout)["indexed"] == CLIPS
    assert LOST in indexed.stderr
    return folder, urls


def _until_somebody_works(counts, crew: Crew) -> None:
    """However long it takes Ray to start processes; the test's own timeout bounds it."""
    while not ((now := counts()).claimed or now.done):
        ended = {worker.ended() for worker in crew._workers} - {None, LOST}
        assert not ended, ended
        time.sleep(LAST_LOOK_S)


@pytest.fixture(scope="module")
def embedded(sounds, tmp_path_factory) -> Path:
    """The library of the same sounds in a folder."""
    folder = tmp_path_factory.mktemp("embedded") / "library"
    words = ["--encoder", "spectral", "--index", "faiss", "--quiet"]
    assert soundalike("index", sounds[0], "--library", folder, *words).returncode == 0
    return folder


def opened(folder: Path):
    return wiring.library(folder, Settings.from_env(os.environ))


def paths_of(library) -> dict[str, int]:
    """Path below the root -> clip."""
    with_files = (
        library.writer.files(root.id, space.id) for root in library.roots() for space in library.reader.spaces()
    )
    return {path: file.clip_id for files in with_files for path, file in files.items()}


def found(library, part) -> list[str]:
    """The names of the hits' files, each of which ends in a number of its own; their roots are not the same."""
    return [hit.path.rpartition("/")[2] for hit in library.search(Query((part,), k=K)).hits]


def test_a_library_on_servers_answers_as_one_in_a_folder(library, embedded, capsys):
    """By sound the same hits; by words the same first hit for .95 of the questions."""
    rng = random.Random(21)
    with opened(library[0]) as cluster, opened(embedded) as folder:
        there, here = paths_of(cluster), paths_of(folder)
        assert there.keys() == here.keys()
        asked = [rng.choice(sorted(here)) for _ in range(QUESTIONS)]
        differ = [
            path for path in asked if found(cluster, ClipPart(there[path])) != found(folder, ClipPart(here[path]))
        ]
        words = [" ".join(rng.choices(WORDS, k=rng.randint(1, 3))) for _ in range(QUESTIONS)]
        same = sum(found(cluster, TextPart(text))[:1] == found(folder, TextPart(text))[:1] for text in words)
    with capsys.disabled():
        print(f"\n{CLIPS} clips: of {QUESTIONS} by sound {QUESTIONS - len(differ)} have the same {K} hits;")
        print(f"of {QUESTIONS} by words {same} have the same first hit")
    assert differ == []
    assert same >= 0.95 * QUESTIONS


def test_another_machine_has_only_the_urls_and_answers_alike(library, tmp_path):
    folder, urls = library
    assert soundalike("init", "--library", tmp_path / "other", *urls).returncode == 0
    hits = [
        json.loads(soundalike("search", "--clip", 1, "--json", "--library", place).stdout)["hits"]
        for place in (folder, tmp_path / "other")
    ]
    assert [(hit["clip_id"], hit["score"]) for hit in hits[0]] == [(hit["clip_id"], hit["score"]) for hit in hits[1]]
    assert len(hits[0]) > 0


def test_a_service_takes_a_sound_that_workers_elsewhere_index(library, tmp_path):
    """It is heard, found by its name and by its sound, and taken out again."""
    folder, _ = library
    sound = tmp_path / "zither.wav"
    soundfile.write(sound, noise(10_007), RATE_HZ)
    with serving(folder, environ={"SOUNDALIKE_SHARE": "0"}) as service:
        job = service.upload(("zither.wav", sound.read_bytes())).json()
        wait_until(lambda: service.get(f"/api/v1/jobs/{job['id']}").json()["state"] == "running")
        wait_until(lambda: _worked(folder, service, job["id"]))
        assert service.wait(job["id"], "done", "failed")["state"] == "done"
        answer = service.post("/api/v1/search", json={"parts": [{"text": "zither"}], "k": 1}).json()
        (hit,) = answer["hits"]
        assert hit["title"] == "zither"
        like = service.post("/api/v1/search", json={"parts": [{"clip_id": hit["clip_id"]}], "k": 3})
        assert len(like.json()["hits"]) == 3
        assert service.get(f"/api/v1/clips/{hit['clip_id']}/audio").content == sound.read_bytes()
        assert service.delete(f"/api/v1/clips/{hit['clip_id']}").status_code == 204


def _worked(folder: Path, service, job_id: int) -> bool:
    """Whether a worker of another process found the job's chunk and did it."""
    assert soundalike("work", "--library", folder, "--once", "--quiet").returncode == 0
    return service.get(f"/api/v1/jobs/{job_id}").json()["state"] != "running"


def test_it_is_sound_and_moves_into_a_folder_and_back(library, postgresql, tmp_path):
    """Row by row; nothing is encoded."""
    folder, _ = library
    assert soundalike("verify", "--library", folder).returncode == 0
    moved, back = tmp_path / "moved", tmp_path / "back"
    assert soundalike("migrate", folder, "--to", moved).returncode == 0
    assert soundalike("migrate", moved, "--to", back, "--catalog", postgresql.empty()).returncode == 0
    compared = soundalike("verify", "--library", folder, "--against", back)
    assert compared.returncode == 0, compared.stderr
