/** The whole list by keyboard. What is typed into a field, or means something to a focused control, is left alone. */
import { opinionOf, setOpinion } from "../foryou/feedback";
import { current, position, seek } from "../player/player";
import { auditioning } from "../player/settings";
import { BOX, choosingPassage, recording } from "../question/state";
import { view } from "../route";
import { keysShown, letters } from "../ui/keysshown";
import { keepLoading } from "../ui/later";
import { settingsShown } from "../ui/settingsshown";
import { spectrogramShown } from "../inspector/state";
import { t } from "../messages/t";
import { say, takeLastOffer } from "../ui/toasts";
import { answered } from "./answers";
import type { Row } from "./rows";
import { selectAll, selected, selectNone } from "./many";
import {
  addTo,
  alsoLike,
  audition,
  chosen,
  chosenRow,
  extendTo,
  inspected,
  moreLike,
  notLike,
  toggleRow,
} from "./selection";

export function listenToKeys(): void {
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || document.querySelector("dialog[open]")) return;
    const held = event.metaKey || event.ctrlKey;
    if ((held ? handleHeld : handle)(event, event.target as HTMLElement)) event.preventDefault();
  });
  addEventListener("keyup", (event) => {
    // browsers differ in which of the two presses a button
    if (event.key === " " && isTitle(event.target as HTMLElement)) event.preventDefault();
  });
}

const isTitle = (target: HTMLElement): boolean => target.matches(".row-title");

/** Keys with Ctrl, or the Mac's command key. */
function handleHeld(event: KeyboardEvent, target: HTMLElement): boolean {
  if (isField(target)) return false;
  if (event.key === "z") return !event.shiftKey && takeLastOffer();
  if (view.peek() !== "search" || !answered.peek()?.rows.length) return false;
  if (event.key === "a") {
    selectAll();
    return true;
  }
  if (event.key !== " " || chosen.peek() < 0) return false;
  addTo(chosen.peek());
  return true;
}

/** Whether the key was handled. */
function handle(event: KeyboardEvent, target: HTMLElement): boolean {
  const inBox = target.id === BOX;
  if (isField(target) && (!inBox || event.shiftKey)) return false;
  const extend = event.shiftKey;
  switch (event.key) {
    case "Escape":
      return escape(target);
    case "ArrowDown":
      return move(inBox ? 0 : chosen.peek() + 1, target, extend);
    case "ArrowUp":
      return !inBox && move(chosen.peek() - 1, target, extend);
    case "Home":
      return !inBox && move(0, target, extend);
    case "End":
      return !inBox && move(Infinity, target, extend);
    case "PageDown":
      return !inBox && move(chosen.peek() + rowsInSight(), target, extend);
    case "PageUp":
      return !inBox && move(chosen.peek() - rowsInSight(), target, extend);
    default:
      return !inBox && command(event.key, target);
  }
}

/** How many rows a page of the list is; the first press goes to the last of them. */
function rowsInSight(): number {
  const list = document.querySelector<HTMLElement>(".list");
  const row = list?.querySelector("[data-place]");
  const head_px = list?.querySelector(".row-head")?.clientHeight ?? 0;
  return list && row ? Math.max(1, Math.floor((list.clientHeight - head_px) / row.clientHeight)) : 1;
}

function command(key: string, target: HTMLElement): boolean {
  const onControl = target.closest("button, a, summary, [role=slider]") !== null;
  const row = rowInSight();
  switch (key) {
    case " ": {
      const meant = isTitle(target) ? rowOf(target) : onControl ? null : row;
      if (meant) toggleRow(meant);
      return meant !== null;
    }
    case "Enter":
      if (onControl || !row) return false;
      inspected.value = row;
      return true;
    case "ArrowLeft":
    case "ArrowRight":
      if (!current.peek()) return false;
      seek(position.peek() + (key === "ArrowLeft" ? -1 : 1));
      return true;
    default:
      return letters.peek() && letter(key.toLowerCase(), row);
  }
}

/** The row that keys are for, in a view that shows it. */
function rowInSight(): Row | null {
  if (view.peek() === "library") return null;
  return inspected.peek() ?? (view.peek() === "search" ? chosenRow() : null);
}

/** The row of the list that an element is in. */
function rowOf(target: HTMLElement): Row | null {
  const place = target.closest<HTMLElement>("[data-place]")?.dataset["place"] ?? -1;
  return answered.peek()?.rows[Number(place)] ?? null;
}

function toggleAudition(): void {
  auditioning.value = !auditioning.peek();
  say(t(auditioning.peek() ? "What you choose plays at once" : "Audition off"));
}

function letter(key: string, row: Row | null): boolean {
  switch (key) {
    case "/":
      document.getElementById(BOX)?.focus();
      return true;
    case "?":
      keysShown.value = true;
      return true;
    case "a":
      if (view.peek() !== "search") return false;
      toggleAudition();
      return true;
    case "b":
      if (view.peek() !== "search") return false;
      keepLoading(
        () => import("../player/comparing"),
        ({ compare }) => compare(),
      );
      return true;
    case "r":
      if (view.peek() === "library") return false;
      recording.value = "audio";
      return true;
    default:
      return row !== null && forRow(key, row);
  }
}

function forRow(key: string, row: Row): boolean {
  switch (key) {
    case "m":
      moreLike(row);
      return true;
    case "+":
      alsoLike(row);
      return true;
    case "n":
      notLike(row);
      return true;
    case "l":
    case "d": {
      const liking = key === "l" ? "like" : "dislike";
      void setOpinion(row.clip_id, opinionOf(row.clip_id) === liking ? null : liking);
      return true;
    }
    case "s":
      inspected.value = row;
      spectrogramShown.value = !spectrogramShown.peek();
      return true;
    case "[":
    case "]":
      if (!inspected.peek()) return false;
      keepLoading(
        () => import("../inspector/matches"),
        ({ stepMatch }) => stepMatch(key === "]" ? 1 : -1),
      );
      return true;
    default:
      return false;
  }
}

/** Choose another row, or select as far as that; the list has the focus then, and Enter means the row that is chosen. */
function move(place: number, from: HTMLElement, extend: boolean): boolean {
  if (view.peek() !== "search") return false;
  const list = document.querySelector<HTMLElement>(".list");
  if (from.id === BOX || list?.contains(from)) list?.focus({ preventScroll: true });
  if (extend) extendTo(place);
  else audition(place);
  return true;
}

function escape(target: HTMLElement): boolean {
  if (closeComing()) return true;
  if (inspected.peek() && view.peek() !== "library") {
    inspected.value = null;
    return true;
  }
  if (selected.peek().size > 0 && view.peek() === "search") {
    selectNone();
    return true;
  }
  if (target.id === BOX) {
    target.blur();
    return true;
  }
  return false;
}

/** Close a dialog whose code is still being fetched; one that is shown closes itself. */
function closeComing(): boolean {
  const isComing = keysShown.peek() || settingsShown.peek() || isAsked();
  keysShown.value = settingsShown.value = false;
  recording.value = choosingPassage.value = null;
  return isComing;
}

const isAsked = (): boolean => recording.peek() !== null || choosingPassage.peek() !== null;

const isField = (target: HTMLElement): boolean =>
  target.isContentEditable || target.matches("textarea, select, input:not([type=checkbox], [type=radio])");
