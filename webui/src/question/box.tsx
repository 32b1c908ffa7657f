/** The one box for every question: words, chips, files, the microphone. */
import { useRef } from "preact/hooks";
import { hums } from "../library/facts";
import { t } from "../messages/t";
import { ask, question } from "../route";
import { Trouble } from "../results/trouble";
import { savingShown } from "../searches/state";
import { Icon, IconButton } from "../ui/icons";
import { keepLoading, later } from "../ui/later";
import { Chips } from "./chips";
import { addSounds, AUDIO_FILES } from "./drop";
import { isWanting, partsOfWords, whereOf } from "./model";
import { BOX, choosingPassage, historyShown, recording, suggesting, weighing } from "./state";

const MOST_CHARACTERS = 1000;
/** Three words and more may be a sentence. */
const LONG = /^\S+\s+\S+\s+\S/;

const HistoryList = later(() => import("./historylist").then((module) => module.HistoryList));
const SaveForm = later(() => import("../searches/form").then((module) => module.SaveForm));
const Recorder = later(() => import("./recorder").then((module) => module.Recorder));
const PassagePicker = later(() => import("./passage").then((module) => module.PassagePicker));

const Suggestions = later(() => import("./suggestions").then((module) => module.Suggestions));
const Likeness = later(() => import("./likeness").then((module) => module.Likeness));

export function QuestionBox() {
  const { draft, parts, region, within } = question.value;
  const files = useRef<HTMLInputElement>(null);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    if (event.key === "Enter" && draft.trim()) {
      event.preventDefault();
      ask({ draft: "", parts: [...parts, ...partsOfWords(draft)] });
    }
    if (event.key === "Backspace" && draft === "" && parts.length > 0) ask({ parts: parts.slice(0, -1) });
  };

  return (
    <search class="ask">
      <form class="box" onSubmit={(event) => event.preventDefault()}>
        <Icon name="search" />
        <div class="box-parts">
          <Chips />
          <input
            id={BOX}
            type="text"
            aria-label={t("What are you looking for?")}
            placeholder={t(parts.length ? "and …" : "Describe a sound, or drop one here")}
            autocomplete="off"
            spellcheck={false}
            maxLength={MOST_CHARACTERS}
            value={draft}
            onFocus={() => (suggesting.value = true)}
            onBlur={stopSuggesting}
            onInput={(event) => ask({ draft: event.currentTarget.value }, { replace: draft !== "" })}
            onKeyDown={onKeyDown}
          />
          {suggesting.value && draft === "" && parts.length === 0 && !region && !within && <Below />}
        </div>
        <div class="box-tools">
          {LONG.test(draft.trim()) && (
            <button
              type="button"
              class="tool"
              onClick={() =>
                keepLoading(
                  () => import("./understanding"),
                  ({ understand }) => understand(),
                )
              }
              title={t("Read it as a sentence: “short doors, no voices, from last week”")}
            >
              <Icon name="sentence" /> <span>{t("Ask")}</span>
            </button>
          )}
          <button
            type="button"
            class="tool"
            onClick={() => files.current?.click()}
            title={t("Sounds like this file")}
          >
            <Icon name="file" /> <span>{t("File")}</span>
          </button>
          <button
            type="button"
            class="tool"
            onClick={() => (recording.value = "audio")}
            title={t("Record a sound (R)")}
          >
            <Icon name="mic" /> <span>{t("Record")}</span>
          </button>
          {hums() && (
            <button
              type="button"
              class="tool"
              onClick={() => (recording.value = "hum")}
              title={t("Hum, sing or whistle a tune")}
            >
              <Icon name="hum" /> <span>{t("Hum")}</span>
            </button>
          )}
        </div>
        {isWanting(question.value) && (
          <IconButton
            icon="bookmark"
            label={t("Save this search")}
            expanded={savingShown.value}
            onClick={() => (savingShown.value = !savingShown.peek())}
          />
        )}
        <IconButton
          icon="history"
          label={t("Asked before")}
          expanded={historyShown.value}
          onClick={() => (historyShown.value = !historyShown.peek())}
        />
        <input
          ref={files}
          type="file"
          class="hidden"
          aria-label={t("Choose sounds")}
          tabIndex={-1}
          accept={AUDIO_FILES}
          multiple
          onChange={(event) => {
            void addSounds([...(event.currentTarget.files ?? [])]);
            event.currentTarget.value = "";
          }}
        />
      </form>
      {weighing.value !== null && <Likeness />}
      {savingShown.value && isWanting(question.value) && <SaveForm />}
      {historyShown.value && <HistoryList />}
      <Trouble />
      {recording.value && <Recorder />}
      {choosingPassage.value !== null && <PassagePicker />}
    </search>
  );
}

/** Keep the suggestions open while the focus moves into them. */
function stopSuggesting({ relatedTarget }: FocusEvent): void {
  if (!(relatedTarget instanceof Element && relatedTarget.closest(".below"))) suggesting.value = false;
}

/** Suggestions below the empty box; none within a region or a list, for which the service has none. */
function Below() {
  const toBox = () => document.getElementById(BOX)?.focus();
  return (
    <div
      class="below"
      onFocusOut={(event) => {
        if ((event.relatedTarget as Element | null)?.id !== BOX) stopSuggesting(event);
      }}
      onMouseDown={(event) => event.preventDefault()} // the box keeps the focus
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        toBox();
        suggesting.value = false;
      }}
    >
      <Suggestions
        where={whereOf(question.value.filters)}
        onAsk={(text) => {
          toBox();
          ask({ draft: text });
        }}
      />
    </div>
  );
}
