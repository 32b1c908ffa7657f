"""Find the file of a model: an explicit path, the folders of the settings, the user cache, or a pinned download."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from search.errors import EncoderError, ModelNotFound, printable
from search.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

PUT_BACK = "If a library was made with it, put it back there, or choose another: soundalike reindex --encoder NAME"
"""Advice for an encoder whose name contains the path of a missing file."""

_TIMEOUT_S: Final = 30.0
_BLOCK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A published file: its name, its SHA-256, and its URL."""

    name: str
    sha256: str
    url: str


def find(model: ModelFile, settings: Settings) -> Path:
    """The file of a published model: from ``settings.models`` or the cache, else downloaded into the cache.

    Raises ModelNotFound, which lists what was tried and how to get the file, and EncoderError if a file with that name
    has other content.
    """
    for folder in (*settings.models, settings.model_cache):
        path = folder / model.name
        if path.is_file():
            _check(path, model)
            return path
    if settings.offline:
        raise _not_found(model, settings, "downloading is off (SOUNDALIKE_OFFLINE)")
    return _download(model, settings)


def shipped(name: str, settings: Settings) -> Path:
    """A model file of this package, unless ``settings.models`` has one with the same name, which takes precedence.

    Raises ModelNotFound if there is neither.
    """
    own = Path(__file__).with_name("data")
    for folder in (*settings.models, own):
        if (folder / name).is_file():
            return folder / name
    raise ModelNotFound(f"{name} is not in this installation ({printable(str(own))}): install soundalike again")


def path_of(variant: str) -> Path:
    """The absolute path of the file in an encoder's name, so that a library can open it from any working folder."""
    return Path(os.path.abspath(Path(variant).expanduser()))  # noqa: PTH100 -- resolve() would follow links


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file. Raises ModelNotFound if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelNotFound(f"{printable(str(path))}: {error.strerror}: name a model file that can be read") from error


def read_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a ``.safetensors`` file or of a torch checkpoint, by name, on the CPU; executes no code in it.

    Raises ModelNotFound if there is no such file, EncoderError if it is damaged or contains something else.
    """
    import pickle

    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    shown = printable(str(path))
    if not path.is_file():
        raise ModelNotFound(f"{shown}: no such model file")
    try:
        if path.suffix == ".safetensors":
            state = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError, KeyError, pickle.UnpicklingError, SafetensorError) as error:
        # errors of torch.load for files that are cut, of another format, or contain code instead of tensors
        cause = str(error).partition("\n")[0][:120]
        raise EncoderError(f"{shown}: not a readable model file ({cause}): get it again") from error
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise EncoderError(f"{shown}: holds no plain table of tensors: export the model's state_dict")
    return dict(state)


def _check(path: Path, model: ModelFile) -> None:
    digest = sha256_of(path)
    if digest != model.sha256:
        raise EncoderError(
            f"{printable(str(path))}: SHA-256 is {digest[:16]}..., {model.name} has {model.sha256[:16]}...: "
            "remove the file, or load it by its path under another name"
        )


def _download(model: ModelFile, settings: Settings) -> Path:
    """Download into the cache; pooch verifies the bytes before renaming, so readers never see a partial file."""
    import pooch
    from requests import RequestException

    fetch = pooch.HTTPDownloader(timeout=_TIMEOUT_S, chunk_size=_BLOCK_BYTES)
    try:
        pooch.retrieve(model.url, f"sha256:{model.sha256}", model.name, settings.model_cache, downloader=fetch)
    except RequestException as error:
        raise _not_found(model, settings, f"downloading failed: {_first_cause(error)}") from error
    except ValueError as error:
        raise EncoderError(f"{model.url} gave a file whose SHA-256 is not {model.sha256[:16]}...: try again") from error
    except OSError as error:
        raise _not_found(model, settings, f"the cache cannot be written: {error.strerror or error}") from error
    return settings.model_cache / model.name


def _first_cause(error: BaseException) -> BaseException:
    """The original error of the system or the server, beneath those of the client's layers."""
    while error.__context__ is not None:
        error = error.__context__
    return error


def _not_found(model: ModelFile, settings: Settings, cause: str) -> ModelNotFound:
    tried = ", ".join(printable(str(folder)) for folder in (*settings.models, settings.model_cache))
    return ModelNotFound(
        f"{model.name} is not in {tried}, and {cause}. Put the file from {model.url} into one of these folders, "
        "set SOUNDALIKE_MODELS to its folder, or give its path as the encoder's variant"
    )
