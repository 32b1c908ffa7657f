/** Keeps the focus of who works through a list by keyboard, where what is pressed goes from it. */
import { type RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/** Where one stood that was pressed, and the page around it. */
interface Pressed {
  place: number;
  around: Element | null;
}

/**
 * When an item went with the focus, the focus goes to the item that follows, the last one, or the page around.
 *
 * `list` holds the items; each hands its place and its event to what comes back, when something in it is pressed.
 */
export function useFocusOnNext(list: RefObject<HTMLElement | null>): (place: number, event: Event) => void {
  const pressed = useRef<Pressed | null>(null);
  useLayoutEffect(() => {
    if (list.current?.contains(document.activeElement)) return; // it is there still
    if (pressed.current && document.activeElement === document.body)
      focusAfter(list.current, pressed.current);
    pressed.current = null;
  });
  return (place, event) => {
    pressed.current = { place, around: (event.currentTarget as Element).closest("main") };
  };
}

function focusAfter(list: HTMLElement | null, { place, around }: Pressed): void {
  const left = list?.children ?? [];
  const next = left[Math.min(place, left.length - 1)] ?? around;
  next?.querySelector<HTMLElement>("button")?.focus({ preventScroll: true });
}
