"""Finding a model's file: an explicit path, the folders of the settings, the user cache, a pinned download."""

from __future__ import annotations

import hashlib
import http.client
import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from search.errors import EncoderError, ModelNotFound, printable
from search.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

Progress: TypeAlias = Callable[[int, int | None], None]
"""Called with the bytes so far, and in all where the server says so."""

PUT_BACK = "If a library was made with it, put it back there, or choose another: soundalike reindex --encoder NAME"
"""What to do about a file that an encoder's name holds and that is gone."""

_BLOCK_BYTES = 1 << 20
_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A published file: what it is called, its SHA-256, and where it may be had."""

    name: str
    sha256: str
    url: str


def find(model: ModelFile, settings: Settings, progress: Progress | None = None) -> Path:
    """The file of a published model: in ``settings.models``, in the cache, else downloaded into the cache.

    Raises ModelNotFound, which names what was tried and every way to get the file, and EncoderError when a file of that
    name has other bytes.
    """
    for folder in (*settings.models, settings.model_cache):
        path = folder / model.name
        if path.is_file():
            _check(path, model)
            return path
    if settings.offline:
        raise _not_found(model, settings, "downloading is off (SOUNDALIKE_OFFLINE)")
    return _download(model, settings, progress)


def shipped(name: str, settings: Settings) -> Path:
    """A model file that comes with this package, unless one of that name in ``settings.models`` stands in for it.

    Raises ModelNotFound when neither is there.
    """
    own = Path(__file__).with_name("data")
    for folder in (*settings.models, own):
        if (folder / name).is_file():
            return folder / name
    raise ModelNotFound(f"{name} is not in this installation ({printable(str(own))}): install soundalike again")


def path_of(variant: str) -> Path:
    """The absolute path of a file that an encoder's name holds: a library opens it again, from whatever folder."""
    return Path(os.path.abspath(Path(variant).expanduser()))  # noqa: PTH100 -- resolve() would follow links


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file. Raises ModelNotFound when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelNotFound(f"{printable(str(path))}: {error.strerror}: name a model file that can be read") from error


def read_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a ``.safetensors`` file or of a torch checkpoint, by name, on the CPU; nothing in it is executed.

    Raises ModelNotFound when there is no such file, EncoderError when it is damaged or holds something else.
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
        # what torch.load raises for a file that is cut, foreign, or holds code instead of tensors
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


def _download(model: ModelFile, settings: Settings, progress: Progress | None) -> Path:
    """Fetch beside its place in the cache, verify, then rename: a reader never sees half a file."""
    target = settings.model_cache / model.name
    partial: Path | None = None
    try:
        settings.model_cache.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{model.name}.", dir=settings.model_cache)
        partial = Path(name)
        with os.fdopen(handle, "wb") as file:
            digest = _fetch(model.url, file.write, progress)
        if digest != model.sha256:
            raise EncoderError(
                f"{model.url} gave a file with SHA-256 {digest[:16]}..., not {model.sha256[:16]}...: try again"
            )
        partial.replace(target)
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        raise _not_found(model, settings, f"downloading failed: {getattr(error, 'reason', error)}") from error
    except OSError as error:
        raise _not_found(model, settings, f"the cache cannot be written: {error.strerror}") from error
    finally:
        if partial is not None:
            partial.unlink(missing_ok=True)
    return target


def _fetch(url: str, write: Callable[[bytes], int], progress: Progress | None) -> str:
    """Write what is at ``url``; its hex SHA-256."""
    digest, done = hashlib.sha256(), 0
    with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as reply:  # noqa: S310 (the URLs are constants of this project)
        length = reply.headers.get("Content-Length")
        while block := reply.read(_BLOCK_BYTES):
            write(block)
            digest.update(block)
            done += len(block)
            if progress is not None:
                progress(done, int(length) if length else None)
    return digest.hexdigest()


def _not_found(model: ModelFile, settings: Settings, cause: str) -> ModelNotFound:
    tried = ", ".join(printable(str(folder)) for folder in (*settings.models, settings.model_cache))
    return ModelNotFound(
        f"{model.name} is not in {tried}, and {cause}. Put the file from {model.url} into one of these folders, "
        "set SOUNDALIKE_MODELS to its folder, or give its path as the encoder's variant"
    )
