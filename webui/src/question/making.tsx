/** Synthesising a simple sound from words that found nothing, to hear and save; it is not added to the library. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { canBeMade, madeUrl } from "../api/service";
import { t } from "../messages/t";
import { play } from "../player/player";
import { Icon } from "../ui/icons";

export function MakeOne({ words }: { words: string }) {
  const offered = useSignal("");
  useEffect(() => {
    let current = true;
    canBeMade(words).then(
      ({ can_be_made }) => {
        if (current) offered.value = can_be_made ? words : "";
      },
      () => undefined, // nothing is offered then
    );
    return () => {
      current = false;
    };
  }, [words]);
  if (offered.value !== words) return null;
  const address = madeUrl(words);
  return (
    <section class="made" aria-label={t("Make one")}>
      <p class="quiet">{t("A simple one can be generated from formulas. It is not in any library.")}</p>
      <p class="screen-actions">
        <button
          type="button"
          class="secondary"
          onClick={() => play({ clip_id: null, title: t("{words} (generated)", { words }), address })}
        >
          <Icon name="play" /> {t("Make one and play it")}
        </button>
        <a class="secondary" href={address} download>
          <Icon name="download" /> {t("Download")}
        </a>
      </p>
    </section>
  );
}
