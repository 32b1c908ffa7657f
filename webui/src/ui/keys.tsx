/** The list of keys; and a switch that turns single letters off for those whose tools send letters. */
import { signal } from "@preact/signals";
import { Dialog } from "./dialog";
import { rememberedSwitch } from "./remembered";

export const keysShown = signal(false);
/** Whether single letters do something (WCAG 2.1.4: they can be turned off). */
export const letters = rememberedSwitch("soundalike.letters", true);

const KEYS: readonly (readonly [string, string])[] = [
  ["/", "Type a question"],
  ["↑ ↓ Page ↑ ↓ Home End", "Choose a sound"],
  ["Space", "Play from the match, pause"],
  ["← →", "Back and forth by a second"],
  ["Enter", "Show the sound"],
  ["M", "More like this; of a tune, the same tune"],
  ["+", "Also like this: add it to the question"],
  ["N", "Not like this"],
  ["A", "Audition: what is chosen plays at once, on and off"],
  ["B", "From the hit to the question's sound and back, at the same place (A/B)"],
  ["[ ]", "The match before in a long recording, and the next one"],
  ["L", "Like"],
  ["D", "Dislike"],
  ["S", "Spectrogram"],
  ["R", "Record"],
  ["Shift ↑ ↓", "Select many; also Shift and Ctrl with a click"],
  ["Ctrl Space", "Select one more, or one less"],
  ["Ctrl A", "Select all that are listed"],
  ["Ctrl Z", "Undo a removal"],
  ["Esc", "Close; select none"],
  ["?", "These keys"],
];

export function KeysDialog() {
  return (
    <Dialog title="Keyboard" onClose={() => (keysShown.value = false)}>
      <dl class="keys">
        {KEYS.map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={letters.value}
          onChange={(event) => (letters.value = event.currentTarget.checked)}
        />
        Single letters are shortcuts
      </label>
    </Dialog>
  );
}
