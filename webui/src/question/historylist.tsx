/** The questions that were asked before, takes and dropped sounds with them: each is asked again by a press. */
import { useEffect, useState } from "preact/hooks";
import { t } from "../messages/t";
import { go } from "../route";
import { IconButton } from "../ui/icons";
import { say } from "../ui/toasts";
import { asked } from "./history";
import { allParts, type Question } from "./model";
import { nameOf } from "../title";
import { findSound } from "./sounds";
import { historyShown } from "./state";
import { readQuestion } from "./url";

export function HistoryList() {
  const close = () => (historyShown.value = false);
  const clear = () => {
    const before = asked.peek();
    asked.value = [];
    say(t("History cleared"), { action: { name: t("Undo"), run: () => (asked.value = before) } });
  };
  return (
    <section class="history" aria-label={t("Asked before")}>
      <header class="jobs-head">
        <h2>{t("Asked before")}</h2>
        {asked.value.length > 0 && (
          <button type="button" class="plain" onClick={clear}>
            {t("Forget all")}
          </button>
        )}
        <IconButton icon="close" label={t("Close the history")} onClick={close} />
      </header>
      {asked.value.length === 0 && (
        <p class="quiet">{t("Nothing yet. Your searches are kept in this browser.")}</p>
      )}
      <ul>
        {asked.value.map((written) => (
          <Asked key={written} written={written} onDone={close} />
        ))}
      </ul>
    </section>
  );
}

function Asked({ written, onDone }: { written: string; onDone: () => void }) {
  const again = readQuestion(new URLSearchParams(written));
  const name = useNames(again);
  return (
    <li>
      <button
        type="button"
        class="list-row"
        onClick={() => {
          go({ view: "search", question: again });
          onDone();
        }}
      >
        <bdi>{name}</bdi>
      </button>
    </li>
  );
}

/** What a question is called, its sounds by their names where this browser has them. */
function useNames(again: Question): string {
  const plain = allParts(again).map(nameOf).join(t(", "));
  const [name, setName] = useState(plain);
  useEffect(() => {
    let current = true;
    const parts = allParts(again).map(async (part) => {
      const { thing } = part;
      const file = thing.kind === "audio" || thing.kind === "hum" ? await findSound(thing.file) : null;
      if (!file) return nameOf(part);
      const name = t("like {name}", { name: file.name });
      return part.weight < 0 ? t("not {name}", { name }) : name;
    });
    void Promise.all(parts).then((names) => current && setName(names.join(t(", "))));
    return () => {
      current = false;
    };
  }, [plain]);
  const filters = again.filters.length + Number(again.region !== "") + Number(again.within !== "");
  return filters > 0 ? t("{name} (filtered)", { name }) : name;
}
