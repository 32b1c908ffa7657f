/** What is shown while nothing answers: nothing more can be fetched then, so it is there from the start. */
import { t, tx } from "./messages/t";

export function GoneScreen() {
  return (
    <div class="gone" role="alert">
      <span class="busy busy-on" aria-hidden="true" />
      <p>
        <strong>{t("The search service does not answer.")}</strong>{" "}
        {tx(
          "It may be restarting; this page continues automatically once it is back. If you run it yourself, check the window of {command}.",
          { command: <code>soundalike serve</code> },
        )}
      </p>
    </div>
  );
}
