/** The view, the question and the order of all sounds, always in step with the address. */
import { computed, signal } from "@preact/signals";
import { BASE } from "./api/client";
import { NOTHING, type Part, type Question } from "./question/model";
import { NEWEST_FIRST, readBy, readOrder } from "./question/order";
import { readQuestion, writeQuestion } from "./question/url";

/** The views, by their addresses below `BASE`. */
export const VIEWS = { search: "", map: "map", library: "library" } as const;
export type View = keyof typeof VIEWS;

interface Route {
  view: View;
  question: Question;
  /** The order of all sounds, when there is no question. */
  order: string;
  /** The order of hits within a level of confidence; empty: the closest first. */
  by: string;
}

function read(): Route {
  const names = Object.keys(VIEWS) as View[];
  const view = names.find((name) => BASE + VIEWS[name] === location.pathname) ?? "search";
  const params = new URLSearchParams(location.search);
  return {
    view,
    question: readQuestion(params),
    order: readOrder(params.get("order")),
    by: readBy(params.get("by")),
  };
}

const route = signal<Route>(read());
export const view = computed(() => route.value.view);
export const question = computed(() => route.value.question);
export const order = computed(() => route.value.order);
export const by = computed(() => route.value.by);

addEventListener("popstate", () => {
  const next = read();
  const here = route.peek();
  // the same address is being shown already
  if (addressOf(next) !== addressOf(here)) route.value = next;
});

/** The address of a view with the question and the orders of now. */
export const address = (to: View): string => addressOf({ ...route.value, view: to });

function addressOf({ view: to, question: asked, order: ordered, by: sorted }: Route): string {
  const params = writeQuestion(asked);
  if (ordered !== NEWEST_FIRST) params.set("order", ordered);
  if (sorted) params.set("by", sorted);
  const written = params.toString();
  return BASE + VIEWS[to] + (written ? `?${written}` : "");
}

/** Go there. `replace`: without a new entry in the history, as typing does. */
export function go(to: Partial<Route>, { replace = false } = {}): void {
  const next = { ...route.value, ...to };
  const url = addressOf(next);
  if (url !== location.pathname + location.search) {
    history[replace ? "replaceState" : "pushState"](null, "", url);
  }
  route.value = next;
}

/** Change the question; the view becomes the search view, unless it is the map, which shows answers too. */
export function ask(change: Partial<Question>, options: { replace?: boolean } = {}): void {
  const to = route.value.view === "library" ? "search" : route.value.view;
  go({ view: to, question: { ...route.value.question, ...change } }, options);
}

/** Start a new question with this part alone: "more like this". */
export function askOnly(part: Part): void {
  go({ view: "search", question: { ...NOTHING, filters: route.value.question.filters, parts: [part] } });
}

/** Add a part to the question. */
export function addPart(part: Part): void {
  ask({ parts: [...route.value.question.parts, part] });
}

export function changePart(place: number, change: Partial<Part>, options: { replace?: boolean } = {}): void {
  const parts = question.value.parts.map((part, at) => (at === place ? { ...part, ...change } : part));
  ask({ parts }, options);
}

export function removePart(place: number): void {
  ask({ parts: question.value.parts.filter((_, at) => at !== place) });
}

export function toggleFilter(where: string): void {
  const { filters } = question.value;
  ask({ filters: filters.includes(where) ? filters.filter((one) => one !== where) : [...filters, where] });
}
