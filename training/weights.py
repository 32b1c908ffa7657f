"""Weights for other machines: a student as a small file in half precision, from which training can continue.

A checkpoint (`training.run`) is exact and also holds the optimiser; these files are for version control. Only the state
of the optimiser is lost; a hundred steps of warm-up rebuild it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from search.encoders.mn import TABLE, MnNetwork
from search.encoders.weights import read_state
from search.errors import UsageError

STUDENT = "student.safetensors"


def save(module: nn.Module, path: Path, facts: dict[str, str]) -> None:
    """Write the weights: integers unchanged, the rest in half precision; ``facts`` become the file's metadata."""
    path.parent.mkdir(parents=True, exist_ok=True)
    state = module.state_dict()
    save_file(
        {name: (value.half() if value.is_floating_point() else value).contiguous() for name, value in state.items()},
        path,
        metadata=facts,
    )


def load(module: nn.Module, path: Path) -> dict[str, str]:
    """Load what `save` wrote into ``module``. Return the metadata. Raises UsageError for weights of another network."""
    state = {name: value.float() if value.is_floating_point() else value for name, value in read_state(path).items()}
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        raise UsageError(f"{path} holds the weights of another network: {str(error).splitlines()[0]}") from error
    with safe_open(path, "pt") as file:
        return dict(file.metadata() or {})


def widths_of(path: Path) -> tuple[int, ...]:
    """The inner widths of a student in a checkpoint of a run or in a small file."""
    is_small = path.suffix == ".safetensors"
    state = read_state(path) if is_small else _checkpoint(path)["student"]
    return tuple(len(state[f"features.{place + 1}.block.0.0.weight"]) for place in range(len(TABLE)))


def load_student(network: MnNetwork, path: Path) -> int:
    """Load a student from a checkpoint of a run or from a small file. Return the step that it had reached."""
    if path.suffix == ".safetensors":
        return int(load(network, path).get("step", "0"))
    state = _checkpoint(path)
    try:
        network.load_state_dict(state["student"])
    except RuntimeError as error:
        raise UsageError(f"{path} holds another student, of other widths") from error
    return int(state["step"])


def _checkpoint(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise UsageError(f"{path} is not there: no run has written a checkpoint in this folder")
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state
