"""A distillation run on disk: its checkpoint, its log, and a loop that can stop at any step and continue.

Nothing depends on the clock: rates depend on steps, so a run that was paused or moved to another machine continues
unchanged.
"""

from __future__ import annotations

import json
import math
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from search.encoders.mn import MnNetwork
from search.errors import UsageError
from search.snapshots.single import replacing
from training.data import Batches
from training.distil import Phase, Teaching

CHECKPOINT, LOG = "state.pt", "log.jsonl"
WARM_UP_STEPS = 100
WEIGHT_DECAY = 1e-4
LARGEST_GRADIENT = 5.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Steps between lines of the log, checkpoints and looks at the development split."""

    log: int = 50
    checkpoint: int = 100
    look: int = 1000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run stands: the step over all phases, the phase's number, the step within it."""

    step: int
    phase: int
    within: int


def place(step: int, phases: Sequence[Phase]) -> Place | None:
    """The place of a step, None when all phases are done."""
    within = step
    for number, phase in enumerate(phases):
        if within < phase.steps:
            return Place(step, number, within)
        within -= phase.steps
    return None


def rate(phase: Phase, within: int) -> float:
    """The learning rate at a step of a phase."""
    warm = min(1.0, (within + 1) / WARM_UP_STEPS)
    cosine = 0.5 * (1 + math.cos(math.pi * within / phase.steps))
    return phase.peak_rate * warm * (phase.last + (1 - phase.last) * cosine)


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of a run, kept in its checkpoint: its phases, the preset that they come from, the seed."""

    phases: tuple[Phase, ...]
    preset: str
    seed: int

    def facts(self) -> dict[str, Any]:
        """As a checkpoint keeps it."""
        return {"preset": self.preset, "seed": self.seed, "phases": [asdict(phase) for phase in self.phases]}


class Run:
    """One run in ``folder``, which is created. `resume` continues from its checkpoint."""

    def __init__(self, folder: Path, teaching: Teaching, plan: Plan, device: torch.device) -> None:
        self.folder, self.teaching, self.plan, self.device = folder, teaching, plan, device
        self.phases = plan.phases
        self.step = 0
        self._cpu_s = 0.0
        self._started_at = -WARM_UP_STEPS
        self._optimiser = self._new_optimiser()
        self.stop_at: int | None = None
        """Stop before this step, as if interrupted; for a session of limited length."""
        self._interrupted = False
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def student(self) -> MnNetwork:
        """The network that learns."""
        return self.teaching.student

    def resume(self) -> bool:
        """Load the checkpoint. Return False if there is none.

        Raises UsageError if it is of another student or another plan. A checkpoint without a plan is accepted.
        """
        path = self.folder / CHECKPOINT
        if not path.is_file():
            return False
        state = torch.load(path, map_location=self.device, weights_only=True)
        self._check_plan(path, state.get("plan"))
        try:
            self.student.load_state_dict(state["student"])
        except RuntimeError as error:
            raise UsageError(f"{path} is a checkpoint of another student: choose another --run folder") from error
        self.step, self._cpu_s, self.teaching.scale = state["step"], state["cpu_s"], state["scale"]
        self._started_at = state.get("started_at", -WARM_UP_STEPS)
        if state["optimiser"] is not None:
            self._optimiser.load_state_dict(state["optimiser"])
        return True

    def _check_plan(self, path: Path, begun: dict[str, Any] | None) -> None:
        mine = self.plan.facts()
        if begun is None or begun == mine:
            return
        what = (
            "other phases"
            if (begun["preset"], begun["seed"]) == (mine["preset"], mine["seed"])
            else (f"preset {begun['preset']} with seed {begun['seed']}, not {mine['preset']} with seed {mine['seed']}")
        )
        raise UsageError(f"{path} is a checkpoint of {what}: choose another --run folder, or go on as it was begun")

    def start_from(self, step: int) -> None:
        """Continue from ``step`` with the student's present weights and a new optimiser."""
        self.step = self._started_at = step

    def save(self) -> None:
        """Replace the checkpoint atomically: a kill leaves the old one or the new one."""
        state = {
            "student": self.student.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "scale": self.teaching.scale,
            "step": self.step,
            "cpu_s": self._cpu_s,
            "started_at": self._started_at,
            "plan": self.plan.facts(),
        }
        with replacing(self.folder / CHECKPOINT) as file:
            torch.save(state, file)

    def go(self, batches: Batches, pace: Pace, look: Iterator[dict[str, float]] | None = None) -> bool:
        """Train to the end, or until SIGINT or SIGTERM. Return True at the end.

        A signal stops it after the current step, with a checkpoint. ``look`` gives figures of the development split
        every ``pace.look`` steps.
        """
        before = {number: signal.signal(number, self._interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
        stream = batches.from_step(self.step)
        try:
            while not self._stops and (at := place(self.step, self.phases)) is not None:
                self._train_step(at, torch.from_numpy(next(stream)).to(self.device), pace)
                if self.step % pace.checkpoint == 0:
                    self.save()
                if look is not None and self.step % pace.look == 0:
                    self._write({"step": self.step, "development": next(look)})
            self.save()
        finally:
            stream.close()
            for number, handler in before.items():
                signal.signal(number, handler)
        return place(self.step, self.phases) is None

    def _train_step(self, at: Place, mel: Tensor, pace: Pace) -> None:
        started = time.process_time()
        phase = self.phases[at.phase]
        if at.within == 0:
            self._optimiser = self._new_optimiser()
        for group in self._optimiser.param_groups:
            group["lr"] = rate(phase, at.within) * min(1.0, (self.step - self._started_at + 1) / WARM_UP_STEPS)
        loss, parts = self.teaching.loss(mel.contiguous(memory_format=torch.channels_last), phase.kind, self.step)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch does not type it
        norm = torch.nn.utils.clip_grad_norm_(self.student.parameters(), LARGEST_GRADIENT)
        self._optimiser.step()
        self.step += 1
        self._cpu_s += time.process_time() - started
        if self.step % pace.log == 0 or at.within == phase.steps - 1:
            line = {
                "step": self.step,
                "phase": phase.name,
                "rate": rate(phase, at.within),
                "loss": float(loss.detach()),
            }
            self._write(line | {"gradient": float(norm), "cpu_s": round(self._cpu_s, 1), "parts": parts})
            self._show(phase, float(loss.detach()))

    def _write(self, line: dict[str, object]) -> None:
        with (self.folder / LOG).open("a") as file:
            file.write(json.dumps(line) + "\n")

    def _show(self, phase: Phase, loss: float) -> None:
        total = sum(each.steps for each in self.phases)
        left_s = self._cpu_s / (self.step - max(0, self._started_at)) * (total - self.step)
        print(
            f"step {self.step} of {total} ({phase.name}), loss {loss:.3f}, {left_s / 3600:.1f} h of CPU left",
            flush=True,
        )

    @property
    def _stops(self) -> bool:
        return self._interrupted or self.step == self.stop_at

    def _new_optimiser(self) -> torch.optim.AdamW:
        return torch.optim.AdamW(self.student.parameters(), lr=1e-3, weight_decay=WEIGHT_DECAY)

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self._interrupted = True


def fidelity(teaching: Teaching, batches: Sequence[np.ndarray], device: torch.device) -> dict[str, float]:
    """How close the student is to the teacher on fixed batches: centred cosine, and squared error of the logits."""
    student, teacher = teaching.student, teaching.teacher
    student.eval()
    targets, embeddings, error = [], [], 0.0
    with torch.inference_mode():
        for batch in batches:
            mel = torch.from_numpy(batch).to(device).contiguous(memory_format=torch.channels_last)
            target, target_logits = teacher(mel)
            embedding, logits = student(mel)
            targets.append(target)
            embeddings.append(embedding)
            error += float(torch.nn.functional.mse_loss(logits, target_logits)) / len(batches)
    target, embedding = torch.cat(targets), torch.cat(embeddings)
    cosine = torch.nn.functional.cosine_similarity(embedding - embedding.mean(0), target - target.mean(0))
    return {"cosine": float(cosine.mean()), "logits": error}
