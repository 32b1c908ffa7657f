/** The icons, 24 x 24, drawn with strokes of the text's colour. */
import type { JSX } from "preact";

const PATHS = {
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16.2 16.2 21 21",
  play: "M8 5.5v13l10.5-6.5z",
  pause: "M8 5v14M16 5v14",
  close: "M6 6l12 12M18 6 6 18",
  file: "M13 3H7a1.5 1.5 0 0 0-1.5 1.5v15A1.5 1.5 0 0 0 7 21h10a1.5 1.5 0 0 0 1.5-1.5V8.5zM13 3v5.5h5.5M9.5 16v-2M12 17v-4M14.5 16v-2",
  mic: "M12 3.5a2.5 2.5 0 0 0-2.5 2.5v5.5a2.5 2.5 0 0 0 5 0V6A2.5 2.5 0 0 0 12 3.5zM6 11.5a6 6 0 0 0 12 0M12 17.5V21",
  hum: "M9 18.5V6l10-2v12.5M9 18.5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM19 16.5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z",
  like: "M12 20s-7.5-4.6-7.5-10.2A4.3 4.3 0 0 1 12 7a4.3 4.3 0 0 1 7.5 2.8C19.5 15.4 12 20 12 20z",
  dislike:
    "M12 20s-7.5-4.6-7.5-10.200A4.3 4.3 0 0 1 12 7a4.3 4.3 0 0 1 7.5 2.800C19.5 15.4 12 20 12 20zM4 4l16 17",
  loop: "M7 8h9a4 4 0 0 1 4 4M17 16H8a4 4 0 0 1-4-4M13.500 5l3 3-3 3M10.500 19l-3-3 3-3",
  previous: "M18 6v12l-8.500-6zM6.500 6v12",
  next: "M6 6v12l8.500-6zM17.500 6v12",
  audition:
    "M4 18v-5.500a8 8 0 0 1 16 0V18M4 14.500h3.500V20H5a1 1 0 0 1-1-1zM20 14.500h-3.500V20H19a1 1 0 0 0 1-1z",
  rows: "M4 6h16M4 10h16M4 14h16M4 18h16",
  sliders: "M5 7h8M17 7h2M5 17h2M11 17h8M15 5v4M9 15v4",
  more: "M4 12h3M7 8v8M11 5v14M15 9v6M19 4.500v4M17 6.500h4",
  minus: "M5 12h14",
  plus: "M12 5v14M5 12h14",
  download: "M12 4v11M7.5 11 12 15.5 16.5 11M5 20h14",
  copies: "M9 9h10.500v10.500H9zM15 9V4.500H4.500V15H9",
  filter: "M4 6h16M7 12h10M10 18h4",
  trash: "M5 7h14M10 7V4.500h4V7M7 7l.8 12.500h8.400L17 7M10.5 10.500v5.500M13.5 10.500v5.5",
  edit: "M5 19l.8-3.800L16.5 4.500l3 3L8.8 18.200zM14 7l3 3",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.500v2M12 19.500v2M2.5 12h2M19.5 12h2M5.3 5.300l1.4 1.400M17.3 17.300l1.4 1.400M5.3 18.700l1.4-1.400M17.3 6.700l1.4-1.4",
  moon: "M19.5 14.500A8 8 0 0 1 9.5 4.500a8 8 0 1 0 10 10z",
  auto: "M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16",
  keys: "M3.5 7h17v10h-17zM7 10.500h.01M10.3 10.500h.01M13.7 10.500h.01M17 10.500h.01M8 13.800h8",
  spectrum: "M4 19V9M8 19V5M12 19v-7M16 19V8M20 19v-4",
  folder: "M3.5 6.500a1 1 0 0 1 1-1H9l2 2.500h8.500a1 1 0 0 1 1 1v8.500a1 1 0 0 1-1 1h-15a1 1 0 0 1-1-1z",
  link: "M10 14a4 4 0 0 0 6 .5l2.5-2.500a4 4 0 0 0-5.7-5.700L11.5 7.600M14 10a4 4 0 0 0-6-.5L5.5 12a4 4 0 0 0 5.7 5.700l1.3-1.3",
  lasso:
    "M12 5c4.7 0 8.5 2.2 8.5 5s-3.8 5-8.5 5c-1.6 0-3-.3-4.3-.7M12 5C7.3 5 3.5 7.2 3.5 10c0 1.3.8 2.4 2.1 3.300M7.7 14.300a2 2 0 1 1-2.1-1M7 16c.5 2-.5 3.5-2 4.5",
  columns: "M4 5h16v14H4zM9.500 5v14M15 5v14",
  level: "M4 12h16M7 8v8M12 5v14M17 8v8",
  sentence: "M4 5.500h16v10H11l-4.500 4v-4H4zM8 9h8M8 12h5",
  bookmark: "M7 4.500h10v15.500l-5-4-5 4z",
  history: "M4.500 12a7.500 7.500 0 1 0 2.200-5.300L4 9.500M4 4.500v5h5M12 8v4.500l3 2",
  back: "M20 6v12l-8-6zM12 6v12l-8-6z",
  check: "M5 12.500l4.5 4.500L19 7.5",
  refresh: "M19.5 12a7.5 7.5 0 1 1-2.2-5.300L20 9.500M20 4.500v5h-5",
} as const;

export type IconName = keyof typeof PATHS;

const FILLED: ReadonlySet<IconName> = new Set(["play"]);

/** What all icons have in common is in the style sheet: a list has dozens of them, and each attribute is set by script. */
export function Icon({ name, filled = FILLED.has(name) }: { name: IconName; filled?: boolean }): JSX.Element {
  return (
    <svg class={filled ? "icon icon-filled" : "icon"} viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

interface IconButtonProps {
  icon: IconName;
  label: string;
  onClick: (event: MouseEvent) => void;
  pressed?: boolean;
  expanded?: boolean;
  filled?: boolean;
  disabled?: boolean;
  class?: string;
  shortcut?: string;
  tabIndex?: number;
}

/** A button that is an icon; its label is read out, and shown when the pointer rests on it. */
export function IconButton(props: IconButtonProps): JSX.Element {
  const { icon, label, pressed, filled, shortcut } = props;
  return (
    <button
      type="button"
      class={`icon-button ${props.class ?? ""}`}
      aria-label={label}
      title={shortcut ? `${label} (${shortcut})` : label}
      aria-pressed={pressed}
      aria-expanded={props.expanded}
      disabled={props.disabled}
      tabIndex={props.tabIndex}
      onClick={props.onClick}
    >
      <Icon name={icon} {...(filled !== undefined && { filled })} />
    </button>
  );
}
