"""Every name that is registered becomes an object; nothing heavy happens at import."""

from __future__ import annotations

import argparse
import subprocess
import sys

import pytest

from search import wiring
from search.errors import EncoderError


def test_every_encoder_family_loads_its_factory():
    for name, load in wiring.encoder_families().items():
        assert callable(load()), name


def test_every_kind_of_index_opens(tmp_path):
    for name, load in wiring.index_kinds().items():
        assert len(load()(tmp_path / name, 4, "cpu")) == 0


def test_every_command_has_a_name_a_help_and_options():
    commands = wiring.commands()
    names = [command.name for command in commands]
    assert len(names) == len(set(names))
    assert {"index", "search", "info", "verify", "remove", "reindex"} <= set(names)
    assert {"tags", "export", "backup", "restore", "bench"} <= set(names)
    for command in commands:
        command.configure(argparse.ArgumentParser())
        assert command.help


def test_every_job_is_there():
    assert callable(wiring.job("index"))


def test_an_unknown_encoder_is_named_beside_the_known_ones(tmp_path):
    from tests.search.libraries import settings

    with pytest.raises(EncoderError, match=r"'nope'.*cnn"):
        wiring.encoder("nope", settings(tmp_path))


def test_importing_the_package_loads_nothing_heavy():
    code = (
        "import sys, search, search.cli, search.ports, search.wiring; "
        "print([m for m in ('torch', 'faiss', 'sqlalchemy', 'transformers', 'av', 'flask') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"
