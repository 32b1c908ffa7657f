"""``python -m benchmarks.quality.names``: how good answers to words are if clips have names, no names or false names.

``names.csv`` has questions about ../shared/data/sfx and about those clips of ../shared/data/natural that no encoder of
this project was trained on (`training.development`). Each question has two rules, for clips that are wanted and for
clips that are near. A rule holds for a clip if its true name has all words of one of the rule's alternatives. ``names``
says how the library names its clips: by their ``own`` names, by ``numbers``, or by ``lies`` (every other kind of clip
gets the name of another kind).

The search is compared with full text alone and with sound alone. Verdicts are asked twice, as in
`benchmarks.quality.verdicts`: with the wanted clips in the library, when they should not be ``none``, and with all
wanted and near clips taken out, when they should be. Policies are tuned on natural and reported on sfx.
"""

from __future__ import annotations

import argparse
import os
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.common.machine import this_machine
from benchmarks.common.outputs import CACHE, report_progress
from benchmarks.common.report import markdown_table
from benchmarks.quality import datasets, items
from benchmarks.quality.encoding import EncodingCache, encode
from benchmarks.quality.ranking import RankedSet, ranked_set
from search import wiring
from search.audio.metadata import title_of_name
from search.errors import UsageError
from search.evaluation import CUTOFF
from search.ground import process
from search.ground.ending import with_status
from search.ports import Encoder
from search.settings import Settings

QUESTIONS: Final = Path(__file__).with_name("names.csv")
HELD_OUT: Final = (
    "Fris0uman/CDDA-Soundpacks",
    "ElCeejo/animalia",
    "luanti-org/minetest_game",
    "rafaelmardojai/blanket",
    "rse/soundfx",
    "shfujiwara1002/v0-poseidon",
)
"""The repositories of natural that are never trained on and whose file names describe the sounds."""
WANTED, NEAR = 2.0, 1.0
"""Gains in nDCG."""
VERDICTS = ("good", "weak", "none")
RANKINGS = ("search", "full text alone", "sound alone")
Gains = NDArray[np.float64]
_WORDS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


@dataclass(frozen=True, slots=True)
class Rule:
    """Holds for names that have all words of one alternative and none of the words that it marks with a minus."""

    alternatives: tuple[tuple[frozenset[str], frozenset[str]], ...]

    @classmethod
    def parse(cls, cell: str) -> Rule:
        """Parse a rule such as ``door close -car;close window``."""
        written = [alternative.split() for alternative in cell.split(";") if alternative.strip()]
        return cls(
            tuple(
                (
                    frozenset(word for word in words if not word.startswith("-")),
                    frozenset(word[1:] for word in words if word.startswith("-")),
                )
                for words in written
            )
        )

    def holds(self, name: frozenset[str]) -> bool:
        """Return whether the rule holds for a name, given as its words."""
        return any(having <= name and not lacking & name for having, lacking in self.alternatives)


@dataclass(frozen=True, slots=True)
class Question:
    """A question in words about one set, how the library names its clips, and rules for the true names that answer."""

    dataset: str
    names: str
    text: str
    wanted: Rule
    near: Rule

    def gains(self, names: Sequence[frozenset[str]]) -> Gains:
        """Return (clips,): `WANTED`, `NEAR` or 0."""
        wanted = np.array([self.wanted.holds(name) for name in names])
        near = np.array([self.near.holds(name) for name in names])
        return np.where(wanted, WANTED, np.where(near, NEAR, 0.0))


@dataclass(frozen=True, slots=True)
class NamedClips:
    """The clips of a set: their files, and their true names, as paths in a library."""

    files: tuple[Path, ...]
    paths: tuple[str, ...]

    @property
    def words(self) -> list[frozenset[str]]:
        """The words of each true name."""
        return [frozenset(_words(path)) for path in self.paths]

    def called(self, names: str) -> list[str]:
        """Return the name of each clip in a library, for a kind of ``names``."""
        if names == "own":
            return list(self.paths)
        if names == "numbers":
            return [f"take {place:04d}.wav" for place in range(len(self.paths))]
        kinds = [" ".join(word for word in _words(path) if not word.isdigit()) for path in self.paths]
        lying = sorted(set(kinds))[::2]
        said = dict(zip(lying, lying[len(lying) // 2 :] + lying[: len(lying) // 2], strict=True))
        return [f"{said.get(kind, kind)} {place:04d}.wav" for place, kind in enumerate(kinds)]


@dataclass(slots=True)
class Tally:
    """The figures of one group of questions.

    ``without`` has a verdict for every question, asked without the wanted clips. The other lists have an entry for
    every question that has wanted clips; ``there`` are the verdicts with them.
    """

    ndcg: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    reciprocal: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    there: list[str] = field(default_factory=list)
    without: list[str] = field(default_factory=list)

    @property
    def right(self) -> float:
        """The mean of two shares: verdicts that are not "none" with the wanted clips, and "none" without them."""
        parts = [sum(one != "none" for one in self.there) / max(len(self.there), 1)]
        parts += [sum(one == "none" for one in self.without) / len(self.without)] if self.without else []
        return sum(parts) / len(parts)


def read_questions(file: Path) -> list[Question]:
    """Read the questions of a CSV ``set,names,text,wanted,near``."""
    return [
        Question(row["set"], row["names"], row["text"], Rule.parse(row["wanted"]), Rule.parse(row["near"]))
        for _, row in items.rows(file, ("set", "names", "text", "wanted", "near"))
    ]


def named_clips(data: Path, name: str) -> NamedClips:
    """Return the clips of a set below ``data``."""
    manifest = data / name / items.MANIFEST
    rows = [row for _, row in items.rows(manifest, ("path",)) if row.get("repo") in (None, *HELD_OUT)]
    files = tuple(data / name / row["path"] for row in rows)
    cuts = [file.stem.partition("__x")[2] for file in files]
    originals = [Path(row.get("original_path") or Path(row["path"]).name) for row in rows]
    paths = [str(one.with_stem(f"{one.stem} {cut}".strip())) for one, cut in zip(originals, cuts, strict=True)]
    return NamedClips(files, tuple(paths))


def ndcg(gains: Gains, first: Sequence[int]) -> float:
    """Return the normalised discounted cumulative gain of the ``first`` places (K. Järvelin, J. Kekäläinen, 2002)."""
    discounts = 1.0 / np.log2(np.arange(2, CUTOFF + 2))
    best = np.sort(gains)[::-1][:CUTOFF]
    found = gains[list(first[:CUTOFF])]
    return float(found @ discounts[: len(found)]) / float(best @ discounts[: len(best)])


def reciprocal_rank(gains: Gains, order: Sequence[int]) -> float:
    """Return 1 / the rank of the first wanted clip, 0 if none is in ``order``."""
    return next((1.0 / rank for rank, place in enumerate(order, start=1) if gains[place] == WANTED), 0.0)


def ask(questions: Sequence[Question], clips: NamedClips, encoder: Encoder, ranked: RankedSet) -> Tally:
    """Ask a library the questions."""
    tally, words = Tally(), clips.words
    for question in questions:
        gains = question.gains(words)
        if not (gains == WANTED).any():
            tally.without.append(ranked.answer_words(question.text, None, CUTOFF).verdict)
            continue
        answer = ranked.answer_words(question.text, None, 100)
        orders = {
            "search": ranked.places([hit.clip_id for hit in answer.hits]),
            "full text alone": ranked.by_names(question.text, 100),
            "sound alone": ranked.by_vector(encoder.encode_text([question.text])[0])[:100].tolist(),
        }
        for ranking, order in orders.items():
            tally.ndcg[ranking].append(ndcg(gains, order))
            tally.reciprocal[ranking].append(reciprocal_rank(gains, order))
        tally.there.append(answer.verdict)
        tally.without.append(ranked.answer_words(question.text, None, CUTOFF, np.flatnonzero(gains).tolist()).verdict)
    return tally


def markdown(tallies: Mapping[tuple[str, str], Tally]) -> str:
    """Return both tables: rankings, and verdicts."""
    rankings = [
        [
            dataset,
            names,
            str(len(tally.there)),
            *(f"{_mean(tally.ndcg[one])} / {_mean(tally.reciprocal[one])}" for one in RANKINGS),
        ]
        for (dataset, names), tally in tallies.items()
    ]
    verdicts = [
        [dataset, names, _shares(tally.there), _shares(tally.without), f"{tally.right:.3f}"]
        for (dataset, names), tally in tallies.items()
    ]
    return "\n".join(
        [
            "nDCG@10 / MRR\n",
            markdown_table(["set", "names", "questions", *RANKINGS], rankings),
            "\nVerdicts: good / weak / none\n",
            markdown_table(["set", "names", "wanted sound present", "wanted sound absent", "right"], verdicts),
        ]
    )


def run(questions: Sequence[Question], data: Path, encoder: Encoder, cache: EncodingCache, settings: Settings) -> str:
    """Return the report of one encoder. Raises UsageError for an encoder that cannot read words, or a missing set."""
    if not encoder.spec.can_text:
        raise UsageError(f"{encoder.spec.name} cannot read words: there is nothing to ask it")
    groups: defaultdict[tuple[str, str], list[Question]] = defaultdict(list)
    for question in questions:
        groups[question.dataset, question.names].append(question)
    tallies = {}
    for (dataset, names), asked in groups.items():
        clips = named_clips(data, dataset)
        encoded = encode(clips.files, encoder, cache, report_progress)
        paths = clips.called(names)
        titles = [title_of_name(path) for path in paths]
        with ranked_set(encoded, encoder, settings, titles, paths) as ranked:
            tallies[dataset, names] = ask(asked, clips, encoder, ranked)
    return f"## {encoder.spec.name}\n\n{markdown(tallies)}"


@with_status
def main(arguments: Sequence[str] | None = None) -> int:
    """Ask every question and print the figures."""
    process.own()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.names", description=__doc__)
    parser.add_argument("--encoder", metavar="NAME", help="default: $SOUNDALIKE_ENCODER")
    parser.add_argument("--questions", type=Path, default=QUESTIONS, metavar="CSV")
    parser.add_argument(
        "--only", nargs="+", default=(), metavar="SET", help="only these sets: natural for tuning, sfx for reporting"
    )
    parser.add_argument("--data", type=Path, default=datasets.SHARED, metavar="DIR", help="folder of the data sets")
    parser.add_argument("--cache", type=Path, default=CACHE, metavar="DIR")
    args = parser.parse_args(arguments)
    settings = Settings.from_env(os.environ)
    encoder = wiring.encoder(args.encoder or settings.encoder, settings)
    questions = [one for one in read_questions(args.questions) if one.dataset in args.only or not args.only]
    print(run(questions, args.data, encoder, EncodingCache(args.cache), settings))
    print(f"\n{this_machine().sentence()}")
    return 0


def _words(path: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(path.rpartition(".")[0])]


def _mean(values: Sequence[float]) -> str:
    return f"{np.mean(values):.3f}" if values else "-"


def _shares(verdicts: Sequence[str]) -> str:
    return " / ".join(f"{verdicts.count(one) / max(len(verdicts), 1):.2f}" for one in VERDICTS)


if __name__ == "__main__":
    raise SystemExit(main())
