// @vitest-environment happy-dom
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { auditioning } from "../../src/player/settings";
import { NOTHING, type Question } from "../../src/question/model";
import { type Answered, answered } from "../../src/results/answers";
import type { Row } from "../../src/results/rows";
import { question } from "../../src/route";
import {
  alsoLike,
  audition,
  choose,
  chosen,
  chosenRow,
  followAnswers,
  giveFocusBack,
  inspected,
  marked,
  moreLike,
  notLike,
  playFrom,
  playNext,
  toggleRow,
} from "../../src/results/selection";

const player = vi.hoisted(() => ({ play: vi.fn(), toggle: vi.fn(), seek: vi.fn() }));
vi.mock("../../src/player/player", async () => {
  const { computed, signal } = await import("@preact/signals");
  const current = signal<{ clip_id: number } | null>(null);
  const paused = signal(true);
  player.play.mockImplementation((what: { clip_id: number }) => {
    current.value = what;
    paused.value = false;
  });
  player.toggle.mockImplementation(() => (paused.value = !paused.value));
  return { ...player, current, paused, playing: computed(() => current.value?.clip_id ?? null) };
});

const row = (clip_id: number, start_s?: number): Row => ({
  rank: 1,
  clip_id,
  title: `sound ${clip_id}`,
  path: "",
  match: start_s === undefined ? null : { start_s, end_s: start_s + 1, segment_id: clip_id },
  score: start_s === undefined ? null : 0.5,
  probability: null,
  own_tags: [],
  tags: [],
  via: [],
  same: null,
  duration_s: null,
  missing: false,
  track: 0,
  notes: false,
  remark: "",
});

const playedOf = ({ clip_id, title, match }: Row) => ({ clip_id, title, match });

const answer = (
  rows: Row[],
  verdict: Answered["verdict"] = "good",
  asked: Question = { ...NOTHING },
): void => {
  answered.value = {
    question: asked,
    rows,
    sorted: "",
    total: rows.length,
    next: null,
    verdict,
    reason: "",
    nearest: [],
    readAs: "",
    language: "",
    gone: [],
    warnings: [],
    took_ms: 1,
    facets: null,
    likely: null,
    refusal: null,
  };
};

beforeAll(followAnswers);
beforeEach(() => {
  answer([row(1, 0), row(2, 0.5), row(3, 1)]);
  inspected.value = null;
  player.play.mockClear();
  player.toggle.mockClear();
  player.seek.mockClear();
});

describe("the chosen row", () => {
  it("stays within the list", () => {
    choose(-1);
    expect(chosenRow()?.clip_id).toBe(1);
    choose(99);
    expect(chosenRow()?.clip_id).toBe(3);
  });

  it("is none as soon as another question is answered, and stays when the same one is", () => {
    const asked = { ...NOTHING };
    answer([row(1, 0), row(2, 0)], "good", asked);
    choose(1);
    answer([row(1, 0), row(2, 0), row(3, 0)], "good", asked);
    expect(chosen.value).toBe(1);
    answer([row(1, 0), row(2, 0)]);
    expect(chosen.value).toBe(-1);
  });

  it("is none where there are no rows", () => {
    answer([]);
    choose(0);
    expect(chosenRow()).toBeNull();
  });

  it("is what an open inspector shows", () => {
    choose(0);
    expect(inspected.value).toBeNull();
    inspected.value = row(1, 0);
    choose(1);
    expect(inspected.value?.clip_id).toBe(2);
  });
});

describe("what is looked at", () => {
  it("is told anew by an answer that has it, and closed by one that has not", () => {
    inspected.value = row(2, 0.5);
    answer([row(2, 0.9)]);
    expect(inspected.value?.match?.start_s).toBe(0.9);
    answer([row(1, 0)]);
    expect(inspected.value).toBeNull();
  });

  it("stays open among sounds that nobody asked for, and when the same question is answered again", () => {
    answer([row(1)], null);
    inspected.value = row(8);
    answer([row(2)], null);
    expect(inspected.value?.clip_id).toBe(8);
    const asked = { ...NOTHING };
    answer([row(1, 0)], "good", asked);
    inspected.value = row(1, 0);
    answer([row(3, 0)], "good", asked);
    expect(inspected.value?.clip_id).toBe(1);
  });
});

describe("a row", () => {
  it("plays from its match, is paused and goes on", () => {
    toggleRow(row(2, 0.5));
    expect(player.play).toHaveBeenCalledExactlyOnceWith(playedOf(row(2, 0.5)), 0.5);
    toggleRow(row(2, 0.5));
    toggleRow(row(2, 0.5));
    expect(player.toggle).toHaveBeenCalledTimes(2);
    expect(player.play).toHaveBeenCalledTimes(1);
  });

  it("of another answer plays from its own match, though the same sound is paused", () => {
    toggleRow(row(3, 1));
    toggleRow(row(3, 1));
    answer([row(3, 0.2)]);
    toggleRow(row(3, 0.2));
    expect(player.play).toHaveBeenLastCalledWith(playedOf(row(3, 0.2)), 0.2);
  });

  it("becomes a question, or a part of it that is wanted or not", () => {
    moreLike(row(1));
    alsoLike(row(2));
    notLike(row(3));
    expect(question.value.parts.map(({ weight }) => weight)).toEqual([1, 1, -1]);
    expect(question.value.parts.map(({ thing }) => "id" in thing && thing.id)).toEqual([1, 2, 3]);
  });
});

describe("audition", () => {
  it("plays what is chosen, once it is switched on", () => {
    audition(0);
    expect(player.play).not.toHaveBeenCalled();
    auditioning.value = true;
    audition(1);
    expect(player.play).toHaveBeenCalledExactlyOnceWith(playedOf(row(2, 0.5)), 0.5);
    choose(2); // a button of the row was meant
    expect(player.play).toHaveBeenCalledTimes(1);
    auditioning.value = false;
  });

  it("goes on to the next sound of the list, and stops at its ends", () => {
    audition(0);
    toggleRow(row(1, 0));
    playNext(1);
    expect(chosenRow()?.clip_id).toBe(2);
    playNext(1);
    playNext(1);
    expect(player.play).toHaveBeenLastCalledWith(playedOf(row(3, 1)), 1);
  });

  it("is from any place of a waveform", () => {
    playFrom(row(2, 0.5), 1.2);
    expect(player.play).toHaveBeenLastCalledWith(playedOf(row(2, 0.5)), 1.2);
    playFrom(row(2, 0.5), 0.7);
    expect(player.seek).toHaveBeenCalledExactlyOnceWith(0.7);
  });
});

describe("a passage that was marked in the inspector", () => {
  it("is what is asked for, until another sound is shown", () => {
    const one = row(1, 0.2);
    inspected.value = one;
    marked.value = { start_s: 0.5, end_s: 0.9 };
    moreLike(one);
    expect(question.value.parts[0]?.thing).toEqual({
      kind: "clip",
      id: 1,
      passage: { start_s: 0.5, end_s: 0.9 },
    });
    notLike(row(2, 0.1));
    expect(question.value.parts[1]?.thing).toEqual({ kind: "clip", id: 2 });
    inspected.value = row(3, 0.1);
    expect(marked.value).toBeNull();
  });
});

describe("another answer to the same question", () => {
  const asked = { ...NOTHING };
  beforeEach(() => {
    answer([row(1), row(2), row(3)], null, asked);
    choose(1);
  });

  it("leaves the chosen sound chosen, wherever it is then", () => {
    answer([row(4), row(1), row(2), row(3)], null, asked);
    expect(chosenRow()?.clip_id).toBe(2);
    expect(chosen.value).toBe(2);
  });

  it("without that sound leaves the place: what follows it is chosen", () => {
    answer([row(1), row(3)], null, asked);
    expect(chosenRow()?.clip_id).toBe(3);
  });
});

describe("the focus, when the inspector goes", () => {
  const page = (title: string) => {
    document.body.innerHTML = `<div class="list" tabindex="0"><div data-clip="9">${title}</div></div><aside><button>x</button></aside>`;
    inspected.value = null;
    document.querySelector<HTMLElement>(".list")?.focus();
    inspected.value = row(9);
    document.querySelector<HTMLElement>("aside button")?.focus();
    giveFocusBack(document.querySelector("aside") as Element);
    return document.activeElement?.className;
  };

  it("goes to the row that it showed", () => {
    expect(page('<button class="row-title">a</button>')).toBe("row-title");
  });

  it("goes to the list where that row is passing by, and has no button", () => {
    expect(page('<span class="row-title">a</span>')).toBe("list");
  });
});
