/** The list of keys; and a switch that turns single letters off for those whose tools send letters. */
import { message, t, type Plain } from "../messages/t";
import { Dialog } from "./dialog";
import { keysShown, letters } from "./keysshown";

const KEYS: readonly (readonly [string, Plain])[] = [
  ["/", message("Type a question")],
  ["↑ ↓ Page ↑ ↓ Home End", message("Choose a sound")],
  ["Space", message("Play from the match, pause")],
  ["← →", message("Back and forth by a second")],
  ["Enter", message("Show the sound")],
  ["M", message("More like this; of a tune, the same tune")],
  ["+", message("Also like this: add it to the question")],
  ["N", message("Not like this")],
  ["A", message("Audition: what is chosen plays at once, on and off")],
  ["B", message("From the hit to the question's sound and back, at the same place (A/B)")],
  ["[ ]", message("The match before in a long recording, and the next one")],
  ["L", message("Like")],
  ["D", message("Dislike")],
  ["S", message("Spectrogram")],
  ["R", message("Record")],
  ["Shift ↑ ↓", message("Select many; also Shift and Ctrl with a click")],
  ["Ctrl Space", message("Select one more, or one less")],
  ["Ctrl A", message("Select all that are listed")],
  ["Ctrl Z", message("Undo a removal")],
  ["Esc", message("Close; select none")],
  ["?", message("These keys")],
];

export function KeysDialog() {
  return (
    <Dialog title={t("Keyboard")} onClose={() => (keysShown.value = false)}>
      <dl class="keys">
        {KEYS.map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(does)}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={letters.value}
          onChange={(event) => (letters.value = event.currentTarget.checked)}
        />
        {t("Single letters are shortcuts")}
      </label>
    </Dialog>
  );
}
