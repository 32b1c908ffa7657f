/** What an answer says beside its hits: words that were read as others, sounds of the question that are gone or damaged. */
import { languageName } from "../messages/numbers";
import { said } from "../messages/said";
import { t, tx } from "../messages/t";
import { BOX } from "../question/state";
import { understood } from "../question/understood";
import { asRead, asWritten, misread, textsOf, withTexts } from "../question/words";
import { ask, question } from "../route";
import { type Answered, answered } from "./answers";

export function Notes() {
  const now = answered.value;
  if (!now || now.refusal) return null;
  return (
    <>
      <Understanding now={now} />
      {now.readAs && <ReadAs now={now} />}
      {now.gone.length > 0 && <Gone gone={now.gone} />}
      {now.warnings.length > 0 && <Amiss warnings={now.warnings} />}
    </>
  );
}

/** What a sentence became, word by word, and what of it filters nothing. */
function Understanding({ now }: { now: Answered }) {
  const last = understood.value;
  if (!last || last.asked !== now.question) return null;
  const { terms, not_understood } = last.said;
  return (
    <p class="note" role="status">
      <span>{t("Read as:")}</span>
      {terms.map(({ said, means }) => (
        <span key={said} class="tag" title={means}>
          {tx("{what}: {why}", { what: <bdi>{said}</bdi>, why: <bdi>{means}</bdi> })}
        </span>
      ))}
      {not_understood.length > 0 && (
        <span>{t("Not understood: {words}.", { words: quoted(not_understood) })}</span>
      )}
    </p>
  );
}

const quoted = (words: Iterable<string>): string => [...words].map((word) => `“${word}”`).join(", ");

function ReadAs({ now: { question: asked, readAs, language } }: { now: Answered }) {
  if (language && language !== "en") {
    return (
      <p class="note" role="status">
        <span>
          {tx("Read as {language}: {words}.", {
            language: languageName(language),
            words: <bdi>“{readAs}”</bdi>,
          })}
        </span>
      </p>
    );
  }
  const slips = new Map(textsOf(asked).flatMap((text) => [...misread(text, readAs)]));
  const written = quoted(slips.keys());
  const read = slips.size > 0 ? quoted(slips.values()) : `“${readAs}”`;
  const change = (to: typeof asRead) => () => {
    ask(withTexts(asked, (text) => to(text, readAs)));
    document.getElementById(BOX)?.focus(); // the button goes
  };
  return (
    <p class="note" role="status">
      <span>
        {written && <>{tx("No name contains {words}.", { words: <bdi>{written}</bdi> })} </>}
        {tx("Searched names for {words} instead.", { words: <bdi>{read}</bdi> })}
      </span>
      {written && (
        <span class="note-actions">
          <button type="button" class="plain" onClick={change(asRead)}>
            {tx("Ask for {words}", { words: <bdi>{read}</bdi> })}
          </button>
          <button type="button" class="plain" onClick={change(asWritten)}>
            {t("Search exactly as typed")}
          </button>
        </span>
      )}
    </p>
  );
}

function Gone({ gone }: { gone: readonly string[] }) {
  const takeOut = () => {
    const isThere = ({ thing }: (typeof question.value.parts)[number]) =>
      !("id" in thing) || !gone.includes(`${thing.kind} ${thing.id}`);
    ask({ parts: question.value.parts.filter(isThere) });
    document.getElementById(BOX)?.focus(); // the button goes
  };
  return (
    <p class="note" role="status">
      <span>
        {t(
          "{n} sound of this search is no longer in the library. The rest was used.|{n} sounds of this search are no longer in the library. The rest was used.",
          { n: gone.length },
        )}
      </span>
      <span class="note-actions">
        <button type="button" class="plain" onClick={takeOut}>
          {t("Remove it from the search|Remove them from the search", { n: gone.length })}
        </button>
      </span>
    </p>
  );
}

function Amiss({ warnings }: { warnings: readonly string[] }) {
  const why = warnings.map((warning) => said(warning.replace(/^\w+ \d+: /, "")));
  return (
    <p class="note" role="status">
      <span>
        {t("There is a problem with your sound: {why}. The readable part was used.", {
          why: why.join(t("; ")),
        })}
      </span>
    </p>
  );
}
