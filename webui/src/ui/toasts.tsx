/** Short messages at the edge, read out politely; each goes by itself. */
import { signal } from "@preact/signals";
import { Refused, Unreachable } from "../api/client";

interface Toast {
  id: number;
  text: string;
  bad: boolean;
}

const SHOWN_MS = 6000;
const toasts = signal<Toast[]>([]);
let last = 0;

export function say(text: string, { bad = false } = {}): void {
  const id = ++last;
  toasts.value = [...toasts.value.slice(-2), { id, text, bad }];
  setTimeout(() => {
    toasts.value = toasts.value.filter((toast) => toast.id !== id);
  }, SHOWN_MS);
}

/** Say what went wrong; what has a screen of its own is left to it. */
export function sayFailure(what: string, error: unknown): void {
  if (error instanceof Unreachable || (error instanceof Refused && error.status === 401)) return;
  say(`${what}: ${error instanceof Error ? error.message : String(error)}`, { bad: true });
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((toast) => (
        <p key={toast.id} class={`toast ${toast.bad ? "toast-bad" : ""}`}>
          {toast.text}
        </p>
      ))}
    </div>
  );
}
