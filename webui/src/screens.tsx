/** What is shown when there is nothing to show: why, and what to do about it. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { reachability, Refused } from "./api/client";
import { beginSession } from "./api/service";
import { libraryChanged } from "./library/facts";
import { sending } from "./library/sending";
import { said } from "./messages/said";
import { t, tx } from "./messages/t";
import {
  isEmpty,
  isFiltered,
  narrowedBy,
  NOTHING,
  onlyWords,
  type Question,
  UNFILTERED,
} from "./question/model";
import type { Answered } from "./results/answers";
import type { Row } from "./results/rows";
import { ask, go } from "./route";
import { count, sentence } from "./ui/format";
import { Icon, type IconName } from "./ui/icons";
import { later } from "./ui/later";

const MakeOne = later(() => import("./question/making").then((module) => module.MakeOne));
const Suggestions = later(() => import("./question/suggestions").then((module) => module.Suggestions));

interface ScreenProps {
  /** Whether it is all that the page shows: then its title is the page's main heading. */
  alone?: boolean;
  icon: IconName;
  title: string;
  children: ComponentChildren;
  class?: string;
}

function Screen({ icon, title, children, alone = false, class: extra = "" }: ScreenProps) {
  const Title = alone ? "h1" : "h2";
  return (
    <section class={`screen ${extra}`} aria-label={title}>
      <span class="screen-icon">
        <Icon name={icon} />
      </span>
      <Title class="screen-title">{title}</Title>
      {children}
    </section>
  );
}

export function EmptyLibraryScreen() {
  return (
    <main id="main" class="alone">
      <Screen alone icon="folder" title={t("The library is empty")}>
        <p>{t("Add sounds, then find them by words, by example or by what you like.")}</p>
        <p>
          <button type="button" class="primary" onClick={() => go({ view: "library" })}>
            {t("Add sounds")}
          </button>
        </p>
        <p class="hint">
          {tx("Or index a whole folder in place: {command}", {
            command: <code>soundalike index ~/Sounds</code>,
          })}
        </p>
      </Screen>
    </main>
  );
}

/** Whether its name contains some of the question's words. */
const isPartlyNamed = ({ via }: Row): boolean => via.some(({ part }) => part.startsWith("some-words"));

export function NoMatchScreen({ answered }: { answered: Answered }) {
  const filtered = isFiltered(answered.question);
  const browsing = isEmpty(answered.question);
  const tunes = answered.question.parts.some(({ thing }) => thing.kind === "hum");
  const words = onlyWords(answered.question);
  const title = browsing
    ? t("No sounds match these filters")
    : answered.rows.slice(0, 1).some(isPartlyNamed)
      ? t("Only some of these words are in names")
      : t("Nothing sounds like that");
  return (
    <Screen icon="search" title={title} class={answered.rows.length > 0 ? "screen-low" : ""}>
      <p>
        {answered.reason
          ? sentence(said(answered.reason))
          : answered.rows.length > 0
            ? t("The closest sounds are below, but none of them is close.")
            : browsing
              ? t("The library has sounds, but the filters exclude all of them.")
              : t("Nothing in this library comes close.")}
      </p>
      <p class="screen-actions">
        {filtered && (
          <button type="button" class="secondary" onClick={() => ask(UNFILTERED)}>
            {t("Search without filters")}
          </button>
        )}
        {!browsing && (
          <button type="button" class="secondary" onClick={() => go({ question: NOTHING })}>
            {t("Show all sounds")}
          </button>
        )}
      </p>
      {!browsing && <WhatThereIs answered={answered} />}
      {words !== null && <MakeOne words={words} />}
      {!browsing && answered.rows.length === 0 && (
        <p class="hint">
          {tunes
            ? t(
                "Hum closer to the microphone, for at least three seconds, and hold each note. You can play the recording from its chip.",
              )
            : t("Try other words, or drop a similar sound here: examples find what names do not say.")}
        </p>
      )}
    </Screen>
  );
}

/** The nearest tags within the filters, else suggestions without them. */
function WhatThereIs({ answered: { nearest, question: asked } }: { answered: Answered }) {
  if (nearest.length === 0)
    return (
      <Suggestions where={null} onAsk={(draft) => go({ view: "search", question: { ...NOTHING, draft } })} />
    );
  return (
    <section class="suggestions" aria-label={t("What comes closest")}>
      <span class="quiet">{t("What comes closest:")}</span>
      <ul>
        {nearest.map(({ value, where, count: clips }) => (
          <li key={where}>
            <button type="button" class="tag" onClick={() => askNearest(asked, where)}>
              <bdi>{value}</bdi> <span class="quiet">{count(clips)}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function askNearest({ filters, region, within }: Question, where: string): void {
  go({ view: "search", question: { ...NOTHING, filters: narrowedBy(filters, where), region, within } });
}

export function RefusedScreen({ why, asked }: { why: string; asked: Question }) {
  const sounds = asked.parts.some(({ thing }) => thing.kind === "audio" || thing.kind === "hum");
  return (
    <Screen icon="close" title={t("This search cannot be run")}>
      <p class="refusal" role="alert">
        <bdi>{why}</bdi>
      </p>
      {sounds && (
        <p class="hint">
          {t(
            "If the sound is the problem: WAV, FLAC, Ogg, MP3, M4A and most other formats can be read, unless the file is damaged or has the wrong extension.",
          )}
        </p>
      )}
      <p class="screen-actions">
        {isFiltered(asked) && (
          <button type="button" class="secondary" onClick={() => ask(UNFILTERED)}>
            {t("Search without filters")}
          </button>
        )}
        <button type="button" class="secondary" onClick={() => history.back()}>
          {t("Back")}
        </button>
        <button type="button" class="secondary" onClick={() => go({ question: NOTHING })}>
          {t("Start over")}
        </button>
      </p>
    </Screen>
  );
}

export function KeyScreen() {
  const [key, setKey] = useState("");
  const [wrong, setWrong] = useState("");
  const enter = async (event: Event) => {
    event.preventDefault();
    try {
      await beginSession(key.trim());
      reachability.value = "ok";
      await libraryChanged();
    } catch (error) {
      setWrong(
        error instanceof Refused && error.status === 401
          ? t("This key is unknown or was revoked.")
          : String(error),
      );
    }
  };
  return (
    <main id="main" class="alone">
      <Screen alone icon="keys" title={t("This library needs a key")}>
        <p>
          {t(
            "Ask the person who runs it for an API key. The key stays in this browser, where no script can read it.",
          )}
        </p>
        {sending.value && (
          <p role="status">
            {t(
              "{n} file on the way to the library: sending goes on after that.|{n} files on the way to the library: sending goes on after that.",
              { n: sending.value.total - sending.value.done },
            )}
          </p>
        )}
        <form class="key-form" onSubmit={(event) => void enter(event)}>
          <label for="key">{t("API key")}</label>
          <div class="field-row">
            <input
              id="key"
              type="password"
              autocomplete="current-password"
              required
              value={key}
              aria-describedby="key-wrong"
              aria-invalid={wrong !== ""}
              onInput={(event) => setKey(event.currentTarget.value)}
            />
            <button type="submit" class="primary">
              {t("Enter")}
            </button>
          </div>
          <p id="key-wrong" class="refusal" role="alert">
            {wrong}
          </p>
        </form>
        <p class="hint">
          {tx("Create keys with {command}", { command: <code>soundalike keys add NAME</code> })}
        </p>
      </Screen>
    </main>
  );
}
