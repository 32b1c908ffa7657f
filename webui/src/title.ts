/** What a tab, a bookmark and the history call the page: what is asked, and the view. */
import { effect } from "@preact/signals";
import { clipName } from "./inspector/names";
import { allParts, type Part } from "./question/model";
import { question, view, type View } from "./route";

const PRODUCT = "Soundalike";
const VIEW_NAMES: Record<View, string | null> = { search: null, map: "Map", library: "Library" };
const MOST_CHARACTERS = 60;
/** What would change how the rest is read: line ends and the like, and marks that turn the writing round. */
const MARKS = /[\p{Cc}\u202a-\u202e\u2066-\u2069]+/gu;

/** Keep the title up to date with where we are. Called once. */
export function entitle(): void {
  effect(() => {
    const asked = view.value === "library" ? "" : allParts(question.value).map(nameOf).join(", ");
    document.title = [short(asked), VIEW_NAMES[view.value], PRODUCT].filter(Boolean).join(" · ");
  });
}

export function nameOf({ thing, weight }: Part): string {
  const unwanted = weight < 0 ? "not " : "";
  switch (thing.kind) {
    case "text":
      return unwanted + thing.text;
    case "clip":
      return `${unwanted}like ${clipName(thing.id).value}`;
    case "segment":
    case "audio":
      return `${unwanted}like a sound`;
    default:
      return `${unwanted}a tune`;
  }
}

function short(text: string): string {
  const characters = [...text.replace(MARKS, " ").trim()];
  return characters.length <= MOST_CHARACTERS
    ? characters.join("")
    : `${characters.slice(0, MOST_CHARACTERS).join("")}…`;
}
