/** What can be asked here in words, each surely found; a press asks it. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { suggestions } from "../api/service";
import { libraryVersion } from "../library/facts";
import { t } from "../messages/t";

const MOST = 8;
/** Whoever types at once needs none, and the service is asked for their hits alone. */
const PAUSE_MS = 400;

const known = signal<{ of: string; texts: readonly string[] }>({ of: "", texts: [] });

async function learn(of: string, where: string | null, aborted: AbortSignal): Promise<void> {
  try {
    const found = await suggestions(MOST, where, aborted);
    known.value = { of, texts: found.suggestions.map(({ text }) => text) };
  } catch {
    // it is an offer; whoever is gone or locked has a screen
  }
}

interface SuggestionsProps {
  /** Among which sounds: a filter, null for all. */
  where: string | null;
  onAsk: (text: string) => void;
}

export function Suggestions({ where, onAsk }: SuggestionsProps) {
  const of = `${libraryVersion.value} ${where ?? ""}`;
  useEffect(() => {
    if (known.peek().of === of) return;
    const leaving = new AbortController();
    const timer = setTimeout(() => void learn(of, where, leaving.signal), PAUSE_MS);
    return () => {
      clearTimeout(timer);
      leaving.abort();
    };
  }, [of]);
  const { texts } = known.value;
  if (known.value.of !== of || texts.length === 0) return null;
  return (
    <section class="suggestions" aria-label={t("What can be asked here")}>
      <span class="quiet">{t("There is, for example:")}</span>
      <ul>
        {texts.map((text) => (
          <li key={text}>
            <button type="button" class="tag" onClick={() => onAsk(text)}>
              <bdi>{text}</bdi>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
