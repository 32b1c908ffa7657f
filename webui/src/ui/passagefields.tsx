/** A passage of a sound as two number fields, for the keyboard and for exact times. */
import { useSignal } from "@preact/signals";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { t, tx } from "../messages/t";
import type { Passage } from "../question/model";

interface FieldsProps {
  /** The passage that is chosen; the fields follow it. */
  passage: Passage | null;
  /** The sound's length; null until it is known: until then typed numbers are not limited. */
  duration_s: number | null;
  onTyped: (passage: Passage) => void;
}

export function PassageFields({ passage, duration_s, onTyped }: FieldsProps) {
  const start = useRef<HTMLInputElement>(null);
  const end = useRef<HTMLInputElement>(null);
  const isTyped = useRef(false);
  const entered = useRef<EventTarget | null>(null); // what is typed into, or about to be: its text is the typist's
  const isHalfTyped = useRef(false);
  const cause = useRef<EventTarget | "loading" | null>(null); // of the next passage, where it is one of here
  const wrong = useSignal(false);
  const why = useId();

  const read = () => {
    const from = start.current?.value ?? "";
    const to = end.current?.value ?? "";
    const length_s = duration_s ?? Infinity;
    return {
      start_s: Math.max(0, Number(from)),
      end_s: to === "" ? length_s : Math.min(Number(to), length_s),
    };
  };
  const change = (by: EventTarget | "loading") => {
    const typed = read();
    isTyped.current = true;
    isHalfTyped.current = false;
    wrong.value = typed.end_s <= typed.start_s;
    if (wrong.value || typed.end_s === Infinity) return;
    cause.current = by;
    onTyped(typed);
  };
  const write = (field: HTMLInputElement | null, text: string) => {
    if (field && field.value !== text) field.value = text;
  };
  const follow = (kept: EventTarget | null) => {
    if (start.current !== kept) write(start.current, passage ? written(passage.start_s) : "0");
    if (end.current !== kept) write(end.current, written(passage ? passage.end_s : duration_s));
  };
  /** Limit the numbers to the length; a field that is being typed in is limited when it is left. */
  const settle = () => {
    if (end.current?.value === "" && end.current !== entered.current) write(end.current, written(duration_s));
    const isTooLong = passage && duration_s !== null && passage.end_s > duration_s;
    if (!isHalfTyped.current && (isTyped.current || isTooLong)) change("loading");
  };
  const leave = () => {
    entered.current = null;
    isHalfTyped.current = false;
    settle();
    if (!isTyped.current) follow(null);
  };

  useLayoutEffect(() => {
    const isOfOther = cause.current && cause.current !== entered.current;
    follow(isOfOther ? entered.current : null);
    cause.current = null;
    isTyped.current = false;
    wrong.value = false;
  }, [passage]);
  useLayoutEffect(settle, [duration_s]);

  const enter = ({ currentTarget }: Event) => (entered.current = currentTarget);
  const typing = () => (isHalfTyped.current = true);
  const changed = ({ currentTarget }: Event) => currentTarget && change(currentTarget);
  const listeners = { onFocus: enter, onInput: typing, onChange: changed, onBlur: leave };
  const numbers = { type: "number" as const, min: 0, step: 0.1, ...listeners };
  const described = { "aria-invalid": wrong.value, "aria-describedby": why };
  return (
    <>
      <div class="field-row passage-numbers" role="group" aria-label={t("The passage in seconds")}>
        <label>{tx("from {field} s", { field: <input ref={start} {...numbers} {...described} /> })}</label>
        <label>{tx("to {field} s", { field: <input ref={end} {...numbers} {...described} /> })}</label>
      </div>
      <p id={why} class="refusal" role="alert">
        {wrong.value && t("It has to end after it starts, within the sound.")}
      </p>
    </>
  );
}

const written = (seconds: number | null): string =>
  seconds === null ? "" : String(Math.round(seconds * 100) / 100);
