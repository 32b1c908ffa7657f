/** Keeps the keyboard focus in a list when the item that had it is removed. */
import { type RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/** The place of the item that was pressed, and the element around the list. */
interface Pressed {
  place: number;
  around: Element | null;
}

/**
 * When the focused item is removed, the focus moves to the next item, else the last one, else the element around.
 *
 * `list` holds the items. Call the returned function with an item's place and event when something in it is pressed.
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
