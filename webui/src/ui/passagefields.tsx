/** A passage of a sound as two numbers: for the keyboard, and for who knows them. */
import { useSignal } from "@preact/signals";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { t, tx } from "../messages/t";
import type { Passage } from "../question/model";

interface FieldsProps {
  /** The passage that is chosen; the fields follow it. */
  passage: Passage | null;
  /** The sound's length, null as long as nobody knows it: what is typed meanwhile stays. */
  duration_s: number | null;
  onTyped: (passage: Passage) => void;
}

export function PassageFields({ passage, duration_s, onTyped }: FieldsProps) {
  const start = useRef<HTMLInputElement>(null);
  const end = useRef<HTMLInputElement>(null);
  const isTyped = useRef(false);
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
  const change = () => {
    const typed = read();
    isTyped.current = true;
    wrong.value = typed.end_s <= typed.start_s;
    if (!wrong.value && typed.end_s < Infinity) onTyped(typed);
  };

  useLayoutEffect(() => {
    if (start.current) start.current.value = passage ? written(passage.start_s) : "0";
    if (end.current) end.current.value = passage ? written(passage.end_s) : written(duration_s);
    isTyped.current = false;
    wrong.value = false;
  }, [passage]);
  useLayoutEffect(() => {
    if (end.current?.value === "") end.current.value = written(duration_s);
    const isTooLong = passage && duration_s !== null && passage.end_s > duration_s;
    if (isTyped.current || isTooLong) change();
  }, [duration_s]);

  const numbers = { type: "number" as const, min: 0, step: 0.1, onChange: change };
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
