"""Narrowing a trained student removes what matters least, and keeps the average of what is removed."""

from __future__ import annotations

import pytest
import torch

from search.errors import UsageError
from training import narrow
from training.data import Batches, BatchShape, Source
from training.student import EXPANDED, build
from training.weights import STUDENT, load_student, save, widths_of

PLACES = (1, 10)
"""Bottlenecks that are wider below: one without attention to channels, one with it."""
WIDE = tuple(channels + 16 if place in PLACES else channels for place, channels in enumerate(EXPANDED))


@pytest.fixture
def wide():
    torch.manual_seed(3)
    network = build(WIDE).eval()
    for norm in (module for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d)):
        torch.nn.init.uniform_(norm.running_mean, -0.5, 0.5)
        torch.nn.init.uniform_(norm.bias, -0.5, 0.5)
    return network


@pytest.fixture(scope="module")
def mel(corpus):
    batches = Batches([Source(corpus, 1.0)], BatchShape(crops=4, frames=40), seed=1)
    return torch.from_numpy(batches.batch(0)).contiguous(memory_format=torch.channels_last)


def layer(network, place, number):
    """The ``number``-th convolution with its norm of a bottleneck."""
    return narrow._layers(network.features[place + 1])[number]


def outputs(network, mel):
    with torch.inference_mode():
        return network(mel)


def test_channels_that_the_output_ignores_go_and_nothing_changes(wide, mel):
    with torch.no_grad():
        for place in PLACES:
            layer(wide, place, 2)[0].weight[:, 3:19] = 0
        attention = wide.features[11].block[2].conc_se_layers[0]
        attention.fc1.weight[5:] = 0  # of its units as many as a narrower one has
        attention.fc1.bias[5:] = -1
    found = narrow.narrowed(wide, narrow.channel_statistics(wide, [mel]), EXPANDED).eval()
    for expected, got in zip(outputs(wide, mel), outputs(found, mel), strict=True):
        assert torch.allclose(expected, got, atol=1e-4)


def test_what_a_channel_brings_on_average_stays_when_it_goes(wide, mel):
    norm = layer(wide, 1, 1)[1]
    with torch.no_grad():
        norm.weight[4:20], norm.bias[4:20] = 0, 0.7  # says the same wherever and whatever is heard
        layer(wide, 1, 2)[0].weight *= 3
        layer(wide, 10, 2)[0].weight[:, :16] = 0
        layer(wide, 10, 0)[0].weight[:16] = 0
    statistics = narrow.channel_statistics(wide, [mel])
    assert statistics[1].mean[4:20] == pytest.approx([0.7] * 16, abs=1e-5)
    assert statistics[1].variance[4:20].abs().max() < 1e-6
    only = (*WIDE[:1], EXPANDED[1], *WIDE[2:])
    found = narrow.narrowed(wide, statistics, only).eval()
    for expected, got in zip(outputs(wide, mel), outputs(found, mel), strict=True):
        assert torch.allclose(expected, got, atol=1e-3)


def test_a_student_is_never_made_wider(wide, mel):
    statistics = narrow.channel_statistics(wide, [mel])
    with pytest.raises(UsageError, match="bottleneck 1 has 40 channels, not 48"):
        narrow.narrowed(wide, statistics, (*WIDE[:1], 48, *WIDE[2:]))


@pytest.mark.thorough
def test_what_is_written_is_gone_on_from(wide, corpus, tmp_path, capsys):
    save(wide, tmp_path / STUDENT, {"step": "7"})
    written = tmp_path / "narrowed.safetensors"
    narrow.narrow(tmp_path / STUDENT, written, EXPANDED, [Source(corpus, 1.0)])
    assert f"bottleneck 1: {WIDE[1]} -> {EXPANDED[1]}" in capsys.readouterr().out
    assert widths_of(written) == EXPANDED
    assert load_student(build(), written) == 0, "training counts its steps anew"
