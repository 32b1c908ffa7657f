"""``python -m training.words``: train the text tower from random weights."""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from search.encoders.tower import WordPieces
from search.model import Vectors
from training.corpus import Corpus
from training.development import KINDS, REPOSITORIES, Clips, by_kind_text, embed
from training.reading import Reader, TowerNetwork, TowerShape, pad
from training.running import command
from training.space import class_directions, fit_space
from training.student import load_teacher
from training.texts import PART, TEMPLATE, Library, Meanings, MiniLm, read_all
from training.tower import Lessons, TowerRecipe, learn, loss_terms, tower_tensors, vocabulary, without_untaught

TOWER = "tower.safetensors"
HELD_OUT = 3_000
"""Number of texts that are held out of training."""


def class_meanings(names: Path, ontology: Path, minilm: MiniLm) -> Meanings:
    """(527, 384): the mean of MiniLM's embeddings of a class's name and of its description, in the networks' order."""
    with names.open(newline="") as file:
        rows = list(csv.DictReader(file))
    described = {entry["id"]: entry["description"] for entry in json.loads(ontology.read_text())}
    of_names = minilm.read([TEMPLATE.format(row["display_name"].lower()) for row in rows])
    of_descriptions = minilm.read([f"{row['display_name']}: {described.get(row['mid'], '')}" for row in rows])
    return np.asarray((of_names + of_descriptions) / 2, np.float32)


def new_tower(pieces: WordPieces, meanings: Meanings, directions: Vectors) -> TowerNetwork:
    """An untrained tower for given classes."""
    tower = TowerNetwork(TowerShape(len(pieces.vocabulary)))
    torch.nn.init.normal_(tower.pieces.weight, 0, 0.1)
    tower.class_meanings.copy_(torch.from_numpy(meanings))
    tower.class_directions.copy_(torch.from_numpy(directions))
    return tower


@torch.inference_mode()
def typical_classes(tower: TowerNetwork, library: Library) -> Tensor:
    """(classes,): how much the texts of a library mean each class, on average."""
    meanings = torch.from_numpy(library.meanings.astype(np.float32))
    parts = [tower.classes(meanings[first : first + PART]) for first in range(0, len(meanings), PART)]
    return torch.cat(parts).mean(0)


@torch.inference_mode()
def held_out_figures(tower: TowerNetwork, pieces: WordPieces, held: Library) -> dict[str, float]:
    """The terms of the loss over held-out texts."""
    rows = [pieces.read(text) for text in held.texts]
    terms = loss_terms(tower, rows, torch.from_numpy(held.meanings.astype(np.float32)))
    return {name: float(term) for name, term in terms.items()}


@torch.inference_mode()
def kinds_figure(tower: TowerNetwork, pieces: WordPieces, clips: Clips, vectors: Vectors) -> float:
    """Mean average precision of queries in words on the development split: one query per kind."""
    directions = tower(pad([pieces.read(kind) for kind in KINDS])).numpy()
    return by_kind_text(clips, directions @ vectors.T, list(KINDS))


@command
def main(arguments: Sequence[str] | None = None) -> int:
    """Embed the texts with MiniLM (kept, resumable), train, and write the tower and its vocabulary."""
    parser = argparse.ArgumentParser(prog="python -m training.words", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("run/training/text"), help="for meanings and the tower")
    parser.add_argument("--corpora", type=Path, default=Path("run/training/corpus"))
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--steps", type=int, default=TowerRecipe().steps)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(arguments)
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    minilm = MiniLm()
    captions, models = args.shared / "data" / "captions", args.shared / "models"
    library = read_all(minilm, captions, args.folder, args.seed)
    read, held = (
        Library(library.texts[part], library.meanings[part]) for part in (slice(-HELD_OUT), slice(-HELD_OUT, None))
    )
    natural = Corpus.open(args.corpora / "natural")
    clips = Clips.of(natural)
    embeddings, log_probabilities = embed(load_teacher(models / "mn04_as_mAP_432.pt"), natural)
    learnt = np.array([clip.group not in REPOSITORIES for clip in natural.clips])
    vectors = fit_space(embeddings[learnt], (1.0, 0.0)).apply(embeddings)
    pieces = WordPieces(vocabulary(minilm.pieces()))
    classes = class_meanings(models / "audioset_class_labels_indices.csv", captions / "ontology.json", minilm)
    tower = new_tower(pieces, classes, class_directions(vectors[learnt], log_probabilities[learnt]))
    tower.typical_classes.copy_(typical_classes(tower, read))

    def report(step: int, terms: dict[str, float]) -> None:
        if step % 500 == 0:
            figures = held_out_figures(tower, pieces, held)
            kinds = kinds_figure(tower, pieces, clips, vectors)
            print(json.dumps({"step": step, "terms": terms, "held out": figures, "kinds": kinds}), flush=True)

    lessons = Lessons([pieces.read(text) for text in read.texts], read.meanings)
    learn(tower, lessons, TowerRecipe(steps=args.steps), args.seed, report)
    reader = without_untaught(Reader(tower, pieces), lessons.numbers)
    save_file(tower_tensors(reader), args.folder / TOWER, metadata={"steps": str(args.steps)})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
