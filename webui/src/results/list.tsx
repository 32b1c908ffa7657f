/** The list: however many rows there are, only those in sight are in the page. */
import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../messages/t";
import { order } from "../route";
import { later } from "../ui/later";
import { answered, more } from "./answers";
import { areTitled, columnsShown, factLines, FACTS_LINE_PX, HEAD_PX, widthOf } from "./columns";
import { cutOf } from "./confidence";
import { compact } from "./density";
import { HitRow, PassingRow } from "./row";
import { chosen } from "./selection";

const ColumnHead = later(() => import("./head").then((module) => module.ColumnHead));
const WIDE = matchMedia("(min-width: 48rem)");
const ROW_PX = { compact: 34, wide: 72, narrow: 128, narrowPlain: 100 };
/** How many rows are kept above and below the visible ones. */
const BEYOND = 3;
/** Rows are drawn in brief while this many are scrolled past per frame, and in full after this long at rest. */
const FLUNG_ROWS = 4;
const REST_MS = 100;

/** How high the titles of columns are; a phone has no room for them. */
const headHeight = (): number => (areTitled() && WIDE.matches ? HEAD_PX : 0);

/** How high rows are: hits on a phone have a line more than clips that nobody asked about. */
function rowHeight(): number {
  if (compact.value) return ROW_PX.compact;
  if (WIDE.matches) return ROW_PX.wide;
  const facts_px = FACTS_LINE_PX * factLines();
  return facts_px + (answered.value?.verdict ? ROW_PX.narrow : ROW_PX.narrowPlain);
}

export function ResultList() {
  const list = useRef<HTMLDivElement>(null);
  const height = useSignal(rowHeight());
  const first = useSignal(0);
  const past = useSignal(0);
  const flung = useSignal(false);
  const rest = useRef(0);
  const scrolled = useRef(0);
  /** The rows that were drawn in full in the last frame. */
  const whole = useRef<ReadonlySet<number>>(new Set());

  const measure = () => {
    if (!list.current) return;
    const { scrollTop, clientHeight } = list.current;
    scrolled.current = scrollTop;
    height.value = rowHeight();
    const top = Math.max(0, Math.floor(scrollTop / height.value) - BEYOND);
    if (Math.abs(top - first.peek()) >= FLUNG_ROWS) {
      flung.value = true;
      clearTimeout(rest.current);
      rest.current = window.setTimeout(() => (flung.value = false), REST_MS);
    }
    first.value = top;
    past.value = Math.ceil((scrollTop + clientHeight) / height.value) + BEYOND;
  };

  useEffect(() => {
    const element = list.current;
    if (!element) return;
    const sizes = new ResizeObserver(measure);
    sizes.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    return () => {
      clearTimeout(rest.current);
      sizes.disconnect();
      element.removeEventListener("scroll", measure);
    };
  }, []);

  const keepInSight = (place: number) => {
    if (!list.current || place < 0) return;
    scrollTo(list.current, place, height.peek());
    scrolled.current = list.current.scrollTop;
  };
  useSignalEffect(() => {
    if (height.peek() === rowHeight()) return;
    measure();
    keepInSight(chosen.peek());
  });
  useSignalEffect(() => keepInSight(chosen.value));
  const [sorted, ordered] = [answered.value?.verdict ? answered.value.sorted : "", order.value];
  const question = answered.value?.question;
  useLayoutEffect(() => {
    const isDown = first.peek() > 0;
    first.value = 0; // it begins anew: nobody flung it there
    if (scrolled.current > 0) list.current?.scrollTo(0, 0); // else it would be laid out now for nothing
    if (isDown || rowHeight() !== height.peek()) measure();
  }, [question, sorted, ordered]);

  // when a focused row is removed or scrolled away, the list gets the focus
  const focused = list.current?.contains(document.activeElement);
  useLayoutEffect(() => {
    if (focused && document.activeElement === document.body) list.current?.focus({ preventScroll: true });
  });

  const shownWhole = new Set<number>();
  useLayoutEffect(() => {
    whole.current = shownWhole;
  });

  const rows = answered.value?.rows ?? [];
  const tagged = rows.some((row) => row.tags.length > 0);
  const isAll = answered.value?.next === null;
  const total = answered.value?.total ?? (isAll ? rows.length : -1); // -1: not counted, as ARIA says it
  const last = Math.min(rows.length, past.value);
  const titled = areTitled();
  const likely = answered.value?.likely;
  const cut = likely && !sorted ? cutOf(rows, likely.least) : -1;
  useEffect(() => {
    if (last >= rows.length - BEYOND) void more();
  }, [last, rows.length]);

  return (
    <div
      ref={list}
      class={`list ${tagged ? "" : "list-untagged"} ${compact.value ? "list-compact" : ""} ${titled ? "list-titled" : ""}`}
      role="grid"
      aria-multiselectable="true"
      aria-label={t("Sounds")}
      aria-rowcount={total < 0 ? total : total + Number(titled)}
      tabIndex={0}
      data-first={first.value}
      style={{ "--facts": `${widthOf(columnsShown())}rem` }}
    >
      {titled && <ColumnHead />}
      <div class="list-space" role="presentation" style={{ height: `${rows.length * height.value}px` }}>
        <div
          class="list-rows"
          role="rowgroup"
          style={{ transform: `translateY(${first.value * height.value}px)`, "--row": `${height.value}px` }}
        >
          {rows.slice(first.value, last).map((row, offset) => {
            const place = first.value + offset;
            if (flung.value && !whole.current.has(row.clip_id))
              return <PassingRow key={row.clip_id} row={row} place={place} />;
            shownWhole.add(row.clip_id);
            return <HitRow key={row.clip_id} row={row} place={place} isCut={place === cut} />;
          })}
        </div>
      </div>
    </div>
  );
}

function scrollTo(list: HTMLDivElement, place: number, height: number): void {
  const top = place * height;
  const sight = list.clientHeight - headHeight();
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + height > list.scrollTop + sight) list.scrollTop = top + height - sight;
}
