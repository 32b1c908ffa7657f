/** The list of keys; and a switch that turns single letters off for those whose tools send letters. */
import { message, t, type Plain } from "../messages/t";
import { Dialog } from "./dialog";
import { keysShown, letters } from "./keysshown";

const KEYS: readonly (readonly [string, Plain])[] = [
  ["/", message("Type a search")],
  ["↑ ↓ Page ↑ ↓ Home End", message("Choose a sound")],
  ["Space", message("Play from the match, or pause")],
  ["← →", message("Back or forward one second")],
  ["Enter", message("Show details of the sound")],
  ["M", message("More like this (for a tune: the same tune)")],
  ["+", message("Also like this: add it to the search")],
  ["N", message("Not like this")],
  ["A", message("Audition: what you choose plays at once, on or off")],
  ["B", message("Switch between the hit and your sound, at the same position (A/B)")],
  ["[ ]", message("Previous or next match in a long recording")],
  ["L", message("Like")],
  ["D", message("Dislike")],
  ["S", message("Spectrogram")],
  ["R", message("Record")],
  ["Shift ↑ ↓", message("Select several; also Shift-click and Ctrl-click")],
  ["Ctrl Space", message("Add to the selection, or remove from it")],
  ["Ctrl A", message("Select everything listed")],
  ["Ctrl Z", message("Undo a removal")],
  ["Esc", message("Close, or clear the selection")],
  ["?", message("Show these shortcuts")],
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
