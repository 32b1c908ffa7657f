/** What a tab, a bookmark and the history call the page: what is asked, and the view. */
import { effect } from "@preact/signals";
import { clipName } from "./inspector/names";
import { message, t, type Message } from "./messages/t";
import { allParts, type Part, type Thing } from "./question/model";
import { question, view, type View } from "./route";

const PRODUCT = "Soundalike";
const VIEW_NAMES = {
  search: null,
  map: message("Map"),
  library: message("Library"),
} satisfies Record<View, Message | null>;
const MOST_CHARACTERS = 60;
/** What would change how the rest is read: line ends and the like, and marks that turn the writing round. */
const MARKS = /[\p{Cc}\u202a-\u202e\u2066-\u2069]+/gu;

/** Keep the title up to date with where we are. Called once. */
export function entitle(): void {
  effect(() => {
    const asked = view.value === "library" ? "" : allParts(question.value).map(nameOf).join(t(", "));
    const place = VIEW_NAMES[view.value];
    document.title = [short(asked), place && t(place), PRODUCT].filter(Boolean).join(" · ");
  });
}

export function nameOf({ thing, weight }: Part): string {
  const name = nameOfThing(thing);
  return weight < 0 ? t("not {name}", { name }) : name;
}

function nameOfThing(thing: Thing): string {
  switch (thing.kind) {
    case "text":
      return thing.text;
    case "clip":
      return t("like {name}", { name: clipName(thing.id).value });
    case "segment":
    case "audio":
      return t("like a sound");
    default:
      return t("a tune");
  }
}

function short(text: string): string {
  const characters = [...text.replace(MARKS, " ").trim()];
  return characters.length <= MOST_CHARACTERS
    ? characters.join("")
    : `${characters.slice(0, MOST_CHARACTERS).join("")}…`;
}
