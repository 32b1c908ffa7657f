/** The icons: each is a mask in the style sheet (`styles/icons.css`), so a button with one has no elements of its own. */
import type { JSX } from "preact";

/** Their names, as the style sheet has them. */
export type IconName =
  | "search"
  | "play"
  | "pause"
  | "close"
  | "file"
  | "mic"
  | "hum"
  | "like"
  | "liked"
  | "dislike"
  | "loop"
  | "previous"
  | "next"
  | "audition"
  | "rows"
  | "sliders"
  | "more"
  | "minus"
  | "plus"
  | "download"
  | "copies"
  | "filter"
  | "trash"
  | "edit"
  | "sun"
  | "moon"
  | "auto"
  | "keys"
  | "spectrum"
  | "folder"
  | "link"
  | "lasso"
  | "columns"
  | "level"
  | "sentence"
  | "bookmark"
  | "history"
  | "back"
  | "check"
  | "refresh"
  | "mark";

export function Icon({ name }: { name: IconName }): JSX.Element {
  return <span class={`icon icon-${name}`} />;
}

interface IconButtonProps {
  icon: IconName;
  label: string;
  onClick: (event: MouseEvent) => void;
  pressed?: boolean;
  expanded?: boolean;
  disabled?: boolean;
  class?: string;
  shortcut?: string;
  tabIndex?: number;
}

/** A button that is an icon; its label is read out, and shown when the pointer rests on it. */
export function IconButton(props: IconButtonProps): JSX.Element {
  const { icon, label, pressed, shortcut } = props;
  return (
    <button
      type="button"
      class={`icon-button icon-${icon} ${props.class ?? ""}`}
      aria-label={label}
      title={shortcut ? `${label} (${shortcut})` : label}
      aria-pressed={pressed}
      aria-expanded={props.expanded}
      disabled={props.disabled}
      tabIndex={props.tabIndex}
      onClick={props.onClick}
    />
  );
}
