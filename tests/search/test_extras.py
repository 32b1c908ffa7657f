"""Without PyTorch, everything works except what needs it, and that says how to install it."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

import numpy as np
import pytest

from search import cli, encoders, plugins
from search.encoders import devices
from search.encoders.family import SAMPLE_RATE_HZ, WINDOW_S
from search.errors import EncoderError, SoundalikeError
from search.ground.extras import is_installed, why_missing
from tests.search.libraries import settings

HOW = r"needs torch, which is not installed: pip install 'soundalike\[torch\]'"
USERS = ("search.encoders.cnn", "search.encoders.clap", "search.encoders.mel", "search.encoders.mn")


@pytest.fixture
def without_torch(monkeypatch):
    """An installation without the extra ``torch``."""
    monkeypatch.setitem(sys.modules, "torch", None)
    for user in USERS:
        monkeypatch.delitem(sys.modules, user, raising=False)
        monkeypatch.delattr(encoders, user.rpartition(".")[2], raising=False)  # where an import left it


@pytest.mark.usefixtures("without_torch")
@pytest.mark.parametrize("name", ["cnn:mn04", "clap:anything"])
def test_an_encoder_that_needs_it_says_how_to_get_it(tmp_path, name):
    with pytest.raises(SoundalikeError, match=HOW):
        plugins.encoder(name, settings(tmp_path))


@pytest.mark.usefixtures("without_torch")
def test_the_shipped_encoder_needs_none_though_there_is_a_gpu(tmp_path, monkeypatch):
    """Unless the GPU is insisted on."""
    monkeypatch.setattr(devices, "_has_driver", lambda: True)
    wave = np.zeros((1, round(WINDOW_S * SAMPLE_RATE_HZ)), np.float32)
    given = settings(tmp_path)
    there = plugins.encoder("cnn:soundalike-1", replace(given, device="auto"))
    assert np.isfinite(there.encode_audio(wave).vectors).all()
    with pytest.raises(EncoderError, match=HOW):
        plugins.encoder("cnn:soundalike-1", replace(given, device="cuda"))


def test_a_command_that_lacks_a_package_says_how_to_get_it(monkeypatch, capsys):
    class Needy:
        name, help = "needy", "needs something"

        def configure(self, parser: argparse.ArgumentParser) -> None:
            pass

        def run(self, args, settings) -> int:
            raise ModuleNotFoundError(name="hnswlib")

    monkeypatch.setattr(plugins, "commands", lambda: [Needy()])
    assert cli.main(["needy"]) == 2
    assert "pip install 'soundalike[bench]'" in capsys.readouterr().err


def test_what_no_extra_brings_is_nobodys_to_explain():
    assert why_missing("this", "left_pad") is None
    assert not is_installed("left_pad")
