"""Workers on a real Ray cluster of this machine; skipped if Ray is not installed (the extra ``ray``)."""

from __future__ import annotations

import json
import os
import sys
from types import SimpleNamespace

import pytest

from indexer import onray
from search import cli
from search.ground.extras import is_installed
from tests.indexer.conftest import write_tone

HOW_TO_GET = "Ray is not installed: pip install 'soundalike[ray]'"


@pytest.fixture(scope="module")
def cluster():
    """Two processors' worth of room."""
    if not is_installed("ray"):
        pytest.skip(HOW_TO_GET)
    ray = onray.ray_itself()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_worker_niceness", "0")  # else its workers wait for every other program of this machine
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
        yield ray
        ray.shutdown()


@pytest.mark.slow
@pytest.mark.cluster
def test_a_job_on_ray_is_done_though_an_actor_is_killed(cluster, tmp_path, capsys, monkeypatch):
    """Its actors claim like all workers; a lost one is asked for anew, and its chunk is done by another."""
    monkeypatch.setenv("SOUNDALIKE_ENCODER", "spectral")
    for number in range(6):
        write_tone(tmp_path / "sounds" / f"{number}.wav", hz=300 + 200 * number)
    started = []
    start = onray.RayCluster.start
    monkeypatch.setattr(onray.RayCluster, "start", lambda self: started.append(start(self)) or started[-1])

    def ended(worker):
        if worker is started[0] and len(started) == 2:
            cluster.kill(worker._actor)
        return ENDED(worker)

    ENDED = onray.RayWorker.ended
    monkeypatch.setattr(onray.RayWorker, "ended", ended)
    words = ["index", tmp_path / "sounds", "--library", tmp_path / "library", "--share", "2", "--on", "ray", "--json"]
    assert cli.main([os.fspath(word) for word in words]) == 0

    output = capsys.readouterr()
    assert json.loads(output.out)["indexed"] == 6
    assert "a worker ended, and is started again: it was lost with its node or process" in output.err
    assert len(started) == 3


def test_without_the_package_the_command_says_how_to_get_it(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(onray, "is_installed", lambda _module: False)
    write_tone(tmp_path / "sounds" / "a.wav")
    words = ["index", tmp_path / "sounds", "--library", tmp_path / "library", "--encoder", "spectral", "--on", "ray"]
    assert cli.main([os.fspath(word) for word in words]) == 2
    assert "install" in (message := capsys.readouterr().err)
    assert "ray" in message


@pytest.mark.parametrize(("said", "skipped"), [(None, "."), ("only this", "only this")])
def test_ray_is_told_before_it_is_loaded_to_leave_standard_output_to_us(monkeypatch, said, skipped):
    """It reads that once; whoever wants its lines says so."""
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace())
    monkeypatch.setenv("RAY_DEDUP_LOGS_SKIP_REGEX", said or "")
    if said is None:
        monkeypatch.delenv("RAY_DEDUP_LOGS_SKIP_REGEX")
    assert onray.ray_itself() is sys.modules["ray"]
    assert os.environ["RAY_DEDUP_LOGS_SKIP_REGEX"] == skipped


ENDINGS = {
    "import os\ndef init(**_): os.abort()": "Ray gave up",
    "def init(**_): raise ConnectionError('nobody there')": "ConnectionError: nobody there",
}


@pytest.mark.parametrize("source", ENDINGS)
def test_a_cluster_that_cannot_be_joined_from_here_ends_the_command_with_a_sentence(
    tmp_path, capfd, monkeypatch, source
):
    """Also where Ray ends the process that tries: on a machine that is none of its nodes."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "ray.py").write_text(source, "utf-8")
    monkeypatch.setenv("PYTHONPATH", os.fspath(tmp_path / "modules"))
    monkeypatch.setenv("RAY_ADDRESS", "head:6379")
    monkeypatch.setattr(onray, "is_installed", lambda _module: True)
    monkeypatch.setattr(onray, "ray_itself", lambda: SimpleNamespace(is_initialized=lambda: False))
    write_tone(tmp_path / "sounds" / "a.wav")
    words = ["index", tmp_path / "sounds", "--library", tmp_path / "library", "--encoder", "spectral", "--on", "ray"]
    assert cli.main([os.fspath(word) for word in words]) == 2
    said = capfd.readouterr().err
    assert ENDINGS[source] in said
    assert "ray start --address=head:6379 --num-cpus=0" in said
    assert "Traceback" not in said
