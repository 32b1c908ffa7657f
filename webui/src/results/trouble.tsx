/** Why the list is not what was asked for, and a way to ask once more; the list stays as it is. */
import { t } from "../messages/t";
import { BOX } from "../question/state";
import { Icon } from "../ui/icons";
import { trouble } from "./answers";

export function Trouble() {
  const now = trouble.value;
  if (!now) return null;
  return (
    <p class="trouble" role={now.again ? "alert" : "status"}>
      {!now.again && <span class="busy busy-on" aria-hidden="true" />}
      <bdi>{now.why}</bdi>
      {now.again && (
        <button
          type="button"
          class="secondary"
          onClick={() => {
            now.again?.();
            document.getElementById(BOX)?.focus(); // the button goes
          }}
        >
          <Icon name="refresh" /> {t("Try again")}
        </button>
      )}
    </p>
  );
}
