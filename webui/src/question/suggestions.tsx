/** Suggested text searches, each with hits; pressing one searches for it. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { suggestions } from "../api/service";
import { libraryVersion } from "../library/facts";
import { t } from "../messages/t";

const MOST = 8;
/** Suggestions are fetched after this pause: when somebody types at once, the service only searches. */
const PAUSE_MS = 400;

interface Known {
  where: string | null;
  /** The library's version that these are for; they stay shown while newer ones are fetched. */
  version: number;
  texts: readonly string[];
}

const known = signal<Known>({ where: null, version: -1, texts: [] });

async function learn(where: string | null, version: number, aborted: AbortSignal): Promise<void> {
  try {
    const found = await suggestions(MOST, where, aborted);
    known.value = { where, version, texts: found.suggestions.map(({ text }) => text) };
  } catch {
    // suggestions are optional; a service that is gone or locked has its own screen
  }
}

interface SuggestionsProps {
  /** A filter for the sounds that the suggestions are about; null for all. */
  where: string | null;
  onAsk: (text: string) => void;
}

export function Suggestions({ where, onAsk }: SuggestionsProps) {
  const version = libraryVersion.value;
  useEffect(() => {
    const before = known.peek();
    if (before.where === where && before.version === version) return;
    const leaving = new AbortController();
    const timer = setTimeout(() => void learn(where, version, leaving.signal), PAUSE_MS);
    return () => {
      clearTimeout(timer);
      leaving.abort();
    };
  }, [where, version]);
  const { texts } = known.value;
  if (known.value.where !== where || texts.length === 0) return null;
  return (
    <section class="suggestions" aria-label={t("What can be asked here")}>
      <span class="quiet">{t("For example:")}</span>
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
