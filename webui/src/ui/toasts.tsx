/** Short messages at the edge, read out politely; each goes by itself. */
import { signal } from "@preact/signals";
import { Refused, Unreachable } from "../api/client";
import { t } from "../messages/t";

interface Toast {
  id: number;
  text: string;
  bad: boolean;
  action: Action | null;
}

/** The button of a message: its label, and what it does. */
export interface Action {
  name: string;
  run: () => unknown;
}

const SHOWN_MS = 6000;
/** How many messages are shown at once; only those with a button may exceed it. */
const MOST = 3;
/** How long a message with a button stays. */
export const ACTION_MS = 15_000;
const toasts = signal<Toast[]>([]);
let last = 0;

interface Saying {
  bad?: boolean;
  action?: Action | null;
}

/** Returns a function that removes the message early. */
export function say(text: string, { bad = false, action = null }: Saying = {}): () => void {
  const id = ++last;
  toasts.value = [...withRoom(toasts.peek()), { id, text, bad, action }];
  setTimeout(() => dismiss(id), action ? ACTION_MS : SHOWN_MS);
  return () => dismiss(id);
}

/** Without the oldest messages, when there are too many; one with a button stays for its full time. */
function withRoom(shown: readonly Toast[]): Toast[] {
  const idle = shown.filter((toast) => !toast.action);
  const dropped = new Set(idle.slice(0, Math.max(0, shown.length - MOST + 1)));
  return shown.filter((toast) => !dropped.has(toast));
}

function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

/** Press the button of the latest message that has one; returns whether there was one. */
export function takeLastOffer(): boolean {
  const toast = toasts.peek().findLast((one) => one.action);
  if (toast) take(toast);
  return toast !== undefined;
}

function take({ id, action }: Toast): void {
  dismiss(id);
  action?.run();
}

/** Show an error, unless it has a screen of its own. */
export function sayFailure(what: string, error: unknown): void {
  if (error instanceof Unreachable || (error instanceof Refused && error.status === 401)) return;
  const why = error instanceof Error ? error.message : String(error);
  say(t("{what}: {why}", { what, why }), { bad: true });
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((toast) => (
        <p key={toast.id} class={`toast ${toast.bad ? "toast-bad" : ""}`}>
          <bdi>{toast.text}</bdi>
          {toast.action && (
            <button type="button" class="plain" title="Ctrl+Z" onClick={() => take(toast)}>
              {toast.action.name}
            </button>
          )}
        </p>
      ))}
    </div>
  );
}
