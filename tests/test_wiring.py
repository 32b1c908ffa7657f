"""Every name that is registered becomes an object; nothing heavy happens at import."""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import dataclass

import pytest

from search import plugins, wiring
from search.errors import EncoderError, UsageError
from search.ground.extras import is_installed


def test_every_encoder_family_loads_its_factory():
    names = plugins.offered("encoders")
    assert {"adapted", "clap", "cnn", "spectral"} <= set(names)
    for name in names:
        assert callable(plugins.load("encoders", name)), name


def test_every_kind_of_index_opens(tmp_path):
    kinds = plugins.offered("indexes")
    assert {"exact", "faiss"} <= set(kinds)
    for name in kinds:
        if name == "milvus" and not is_installed("pymilvus"):
            with pytest.raises(UsageError, match=r"soundalike\[milvus\]"):
                wiring.index_kind(name)(tmp_path / name, 4, "cpu")
            continue
        assert len(wiring.index_kind(name)(tmp_path / name, 4, "cpu").view) == 0


def test_every_command_has_a_name_a_help_and_options():
    commands = plugins.commands()
    names = [command.name for command in commands]
    assert len(names) == len(set(names))
    assert {"index", "search", "info", "verify", "remove", "reindex"} <= set(names)
    assert {"tags", "export", "backup", "restore", "bench"} <= set(names)
    for command in commands:
        command.configure(argparse.ArgumentParser())
        assert command.help
        if isinstance(command, plugins.LateCommand):
            assert command.command.name == command.name


def test_every_job_is_there():
    assert callable(plugins.job("index"))


def test_an_unknown_encoder_is_named_beside_the_known_ones(tmp_path):
    from tests.search.libraries import settings

    with pytest.raises(EncoderError, match=r"'nope'.*cnn"):
        wiring.encoder("nope", settings(tmp_path))


@dataclass(frozen=True)
class Distribution:
    name: str


class Package:
    """Stands for what an installed package offers."""

    def __init__(self, package, name, value):
        self.dist, self.group, self.name, self.value = Distribution(package), "soundalike.x", name, value

    def load(self):
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


@pytest.fixture
def installed(monkeypatch):
    """Adds packages to those that are really installed."""

    def add(*packages):
        real = plugins._installed
        monkeypatch.setattr(plugins, "_installed", lambda group, folders: [*packages, *real(group, folders)])

    return add


def test_a_package_that_cannot_be_loaded_takes_its_own_commands_away_and_no_others(installed, caplog):
    installed(Package("broken", "broken", ImportError("no module called left_pad")))
    assert {"index", "search"} <= {command.name for command in plugins.commands()}
    assert "the package broken cannot be loaded" in caplog.text
    assert "left_pad" in caplog.text


def test_another_package_cannot_replace_a_command_of_ours(installed, caplog):
    installed(Package("foreign", "aaa", (argparse.Namespace(name="search", help="not ours"),)))
    (search,) = [command for command in plugins.commands() if command.name == "search"]
    assert search.help != "not ours"
    assert "'search' of the package foreign is left out" in caplog.text


def test_another_package_cannot_replace_an_encoder_of_ours(installed, caplog, tmp_path):
    from tests.search.libraries import settings

    installed(Package("foreign", "spectral", lambda variant, settings: "not ours"))
    assert plugins.encoder("spectral", settings(tmp_path)).spec.name == "spectral"
    assert "the package foreign is left out: spectral already comes from the package soundalike" in caplog.text


def test_an_encoder_whose_package_is_broken_is_named(installed, tmp_path):
    from tests.search.libraries import settings

    installed(Package("broken", "mine", RuntimeError("no GPU")))
    with pytest.raises(UsageError, match=r"'mine' of the package broken cannot be loaded \(RuntimeError: no GPU\)"):
        plugins.encoder("mine:x", settings(tmp_path))


def test_what_is_installed_meanwhile_is_found(tmp_path, monkeypatch):
    """In a notebook, say: what was read of the packages is read again once a folder of theirs has changed."""
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "late" not in plugins.offered("encoders")
    (tmp_path / "late-1.0.dist-info").mkdir()
    (tmp_path / "late-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: late\nVersion: 1.0\n")
    (tmp_path / "late-1.0.dist-info" / "entry_points.txt").write_text("[soundalike.encoders]\nlate = late:load\n")
    assert plugins.offered("encoders")["late"].value == "late:load"


def test_importing_the_package_loads_nothing_heavy():
    code = (
        "import sys, search, search.cli, search.commands, search.ports, search.wiring; "
        "print([m for m in ('torch', 'faiss', 'sqlalchemy', 'transformers', 'av', 'flask') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"
