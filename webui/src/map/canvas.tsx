/** The map itself: points, pointer, keys, lasso. */
import { effect, useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { newestOf } from "../api/newest";
import { type Clip, clip } from "../api/service";
import { clipName, titleOf } from "../inspector/names";
import { t } from "../messages/t";
import { paused, play, playing, toggle } from "../player/player";
import { ask, question } from "../route";
import { rowOfClip } from "../results/rows";
import { inspected } from "../results/selection";
import { theme } from "../ui/theme";
import { sayFailure } from "../ui/toasts";
import { Camera } from "./camera";
import { type Layout, Nearest, regionPolygon, regionText } from "./layout";
import { labelsOf, placeLabels } from "./labels";
import { Lasso } from "./lasso";
import { groupName } from "./legend";
import { palette } from "./palette";
import { Renderer, WebGlMissing } from "./renderer";
import { hearing, lassoing, litClips } from "./state";

const REACH_PX = 14;
const TOUCH_REACH_PX = 24;
const PLAY_AFTER_MS = 180;
const STEP_PX = 60;
const FEWEST_CORNERS = 8;

export function MapCanvas({ layout }: { layout: Layout }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const overlay = useRef<SVGPolygonElement>(null);
  const names = useRef<HTMLDivElement>(null);
  const camera = useRef(new Camera());
  const pointed = useSignal(-1);
  const at = useSignal<readonly [number, number]>([0, 0]);
  const touched = useSignal(false);
  const failure = useSignal("");

  // before painting, so that early pointer events are handled
  useLayoutEffect(() => {
    if (!canvas.current || !overlay.current || !names.current) return;
    const shown = { canvas: canvas.current, overlay: overlay.current, names: names.current };
    try {
      return operate(shown, camera.current, layout, (point, x, y, byTouch) => {
        pointed.value = point;
        touched.value = byTouch;
        at.value = [x, y];
      });
    } catch (error) {
      if (!(error instanceof WebGlMissing)) throw error;
      failure.value = error.message;
      return;
    }
  }, [layout]);

  const id = layout.clipIds[pointed.value];
  return (
    <div class={`map ${lassoing.value ? "map-lasso" : ""}`}>
      <canvas
        ref={canvas}
        tabIndex={0}
        role="application"
        aria-label={t(
          "Map of {sounds} sounds. Arrows move, plus and minus zoom, Enter opens the sound nearest to the middle.",
          { sounds: String(layout.clipIds.length) },
        )}
      />
      <svg class="map-overlay" aria-hidden="true">
        <polygon ref={overlay} />
      </svg>
      <div ref={names} class="map-names" aria-hidden="true">
        {labelsOf(layout).map(({ group }) => (
          <span key={group} class={`map-name dot-${group}`}>
            <bdi>{groupName(layout, group)}</bdi>
          </span>
        ))}
      </div>
      {failure.value && (
        <p class="map-failure" role="alert">
          {failure.value}
        </p>
      )}
      {id !== undefined && (
        <p
          class={`map-tip ${at.value[0] > (canvas.current?.clientWidth ?? 0) / 2 ? "map-tip-before" : ""}`}
          style={{ left: `${at.value[0]}px`, top: `${at.value[1]}px` }}
        >
          <bdi>{clipName(id)}</bdi>
          {touched.value && <span class="quiet"> · {t("press again to open it")}</span>}
        </p>
      )}
    </div>
  );
}

type OnPoint = (point: number, x_px: number, y_px: number, byTouch: boolean) => void;

/** Start drawing the map on a canvas; returns a function that stops it. Throws WebGlMissing. */
function operate(
  { canvas, overlay, names }: { canvas: HTMLCanvasElement; overlay: SVGPolygonElement; names: HTMLElement },
  camera: Camera,
  layout: Layout,
  onPoint: OnPoint,
): () => void {
  let renderer = new Renderer(canvas, layout);
  const labels = labelsOf(layout);
  const spans = [...names.children] as HTMLElement[];
  const nearest = new Nearest(layout.xy);
  const lasso = new Lasso();
  const places = new Map(layout.clipIds.map((id, place) => [id, place]));
  let colours = palette(canvas);
  let lit: number[] = [];
  let anyAsked = false;
  let pointed = -1;
  let frame = 0;
  let timer = 0;
  let auditioned = -1;

  const draw = () => {
    frame = 0;
    renderer.draw(camera, colours);
    const polygon = lasso.points.length > 0 ? lasso.points : regionPolygon(layout, question.peek().region);
    placeLabels(spans, labels, (x, y) => camera.toPixels(x, y));
    overlay.setAttribute("points", polygon.map(([x, y]) => camera.toPixels(x, y).join(",")).join(" "));
  };
  const redraw = () => {
    frame ||= requestAnimationFrame(draw);
  };
  const light = () => {
    renderer.light(lit, pointed, anyAsked);
    redraw();
  };
  /** Stop a sound that pointing started, when the pointer leaves it; one that was started otherwise plays on. */
  const hush = () => {
    clearTimeout(timer);
    if (auditioned >= 0 && playing.peek() === auditioned && !paused.peek()) toggle();
    auditioned = -1;
  };
  const point = (next: number, x: number, y: number, byTouch = false) => {
    if (next === pointed) return;
    pointed = next;
    light();
    onPoint(pointed, x, y, byTouch);
    clearTimeout(timer);
    if (pointed < 0) hush();
    const id = layout.clipIds[pointed];
    if (id !== undefined && hearing.peek()) {
      timer = window.setTimeout(() => {
        auditioned = id;
        void titleOf(id).then((title) => auditioned === id && play({ clip_id: id, title }));
      }, PLAY_AFTER_MS);
    }
  };
  /** A finger cannot point without pressing: its first press on a sound plays it, the second opens it. */
  const touch = (x: number, y: number) => {
    const found = nearest.find(...camera.toLayout(x, y), TOUCH_REACH_PX / camera.zoom);
    if (found === pointed || !hearing.peek()) open(found);
    else point(found, x, y, true);
  };
  const show = newestOf<Clip>((found) => (inspected.value = rowOfClip(found)));
  const open = (place: number) => {
    const id = layout.clipIds[place];
    if (id === undefined) return;
    auditioned = -1;
    show(() => clip(id)).catch((error: unknown) => sayFailure(t("This sound could not be opened"), error));
  };

  const fit = () => {
    camera.resize(canvas.clientWidth, canvas.clientHeight);
    canvas.width = Math.round(canvas.clientWidth * devicePixelRatio);
    canvas.height = Math.round(canvas.clientHeight * devicePixelRatio);
    draw();
  };
  fit();
  const sizes = new ResizeObserver(fit);
  sizes.observe(canvas);
  const stopFollowing = effect(() => {
    void question.value.region;
    const clips = litClips();
    anyAsked = clips !== null;
    lit = (clips ?? []).flatMap((id) => places.get(id) ?? []);
    light();
  });
  const stopHealing = heal(canvas, () => {
    renderer = new Renderer(canvas, layout);
    light();
  });
  const stopThemes = theme.subscribe(() => {
    colours = palette(canvas);
    redraw();
  });
  const stopPointer = listen(canvas, {
    onMove: (x, y) => point(nearest.find(...camera.toLayout(x, y), REACH_PX / camera.zoom), x, y),
    onLeave: () => point(-1, 0, 0),
    onDrag: (dx, dy, x, y) => {
      if (lassoing.peek()) lasso.add(camera.toLayout(x, y));
      else camera.pan(dx, dy);
      redraw();
    },
    onDragEnd: () => {
      const drawn = lasso.end();
      if (drawn.length >= FEWEST_CORNERS) ask({ region: regionText(layout, drawn) });
      lassoing.value = false;
      redraw();
    },
    onTouch: touch,
    onClick: (x, y) => open(nearest.find(...camera.toLayout(x, y), REACH_PX / camera.zoom)),
    onZoom: (factor, x, y) => {
      camera.zoomAt(factor, x, y);
      redraw();
    },
    onKey: (key) => {
      const [x, y] = [canvas.clientWidth / 2, canvas.clientHeight / 2];
      if (key === "ArrowLeft") camera.pan(STEP_PX, 0);
      else if (key === "ArrowRight") camera.pan(-STEP_PX, 0);
      else if (key === "ArrowUp") camera.pan(0, STEP_PX);
      else if (key === "ArrowDown") camera.pan(0, -STEP_PX);
      else if (key === "+" || key === "=") camera.zoomAt(1.3, x, y);
      else if (key === "-") camera.zoomAt(1 / 1.3, x, y);
      else if (key === "0") camera.reset();
      else if (key === "Enter") open(nearest.find(...camera.toLayout(x, y), 4));
      else return false;
      redraw();
      return true;
    },
  });
  return () => {
    stopPointer();
    stopThemes();
    stopFollowing();
    stopHealing();
    sizes.disconnect();
    hush();
    cancelAnimationFrame(frame);
    renderer.destroy();
  };
}

/** A graphics driver may drop a canvas's contents, and restore it empty: `again` redraws it. */
function heal(canvas: HTMLCanvasElement, again: () => void): () => void {
  const ending = new AbortController();
  const options = { signal: ending.signal };
  canvas.addEventListener("webglcontextlost", (event) => event.preventDefault(), options);
  canvas.addEventListener("webglcontextrestored", again, options);
  return () => ending.abort();
}

interface Gestures {
  onMove: (x: number, y: number) => void;
  onLeave: () => void;
  onDrag: (dx: number, dy: number, x: number, y: number) => void;
  onDragEnd: () => void;
  onTouch: (x: number, y: number) => void;
  onClick: (x: number, y: number) => void;
  onZoom: (factor: number, x: number, y: number) => void;
  onKey: (key: string) => boolean;
}

const DRAG_FROM_PX = 4;

/** Pointers (one drags, two zoom), wheel and keys as gestures; returns a function that stops it. */
function listen(canvas: HTMLCanvasElement, to: Gestures): () => void {
  const stop = new AbortController();
  const options = { signal: stop.signal };
  const pointers = new Map<number, { x: number; y: number }>();
  let travelled = 0;
  const spread = () => {
    const [one, other] = [...pointers.values()];
    return one && other ? Math.hypot(one.x - other.x, one.y - other.y) : 0;
  };
  canvas.addEventListener(
    "pointerdown",
    (event) => {
      canvas.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
      travelled = 0;
    },
    options,
  );
  canvas.addEventListener(
    "pointermove",
    (event) => {
      const from = pointers.get(event.pointerId);
      const [x, y] = [event.offsetX, event.offsetY];
      if (!from) {
        to.onMove(x, y);
        return;
      }
      const before = spread();
      pointers.set(event.pointerId, { x, y });
      travelled += Math.abs(x - from.x) + Math.abs(y - from.y);
      if (pointers.size === 2 && before > 0) to.onZoom(spread() / before, x, y);
      else if (travelled > DRAG_FROM_PX) to.onDrag(x - from.x, y - from.y, x, y);
    },
    options,
  );
  const up = (event: PointerEvent) => {
    if (!pointers.delete(event.pointerId)) return;
    if (travelled > DRAG_FROM_PX) to.onDragEnd();
    else if (event.pointerType === "touch") to.onTouch(event.offsetX, event.offsetY);
    else to.onClick(event.offsetX, event.offsetY);
  };
  canvas.addEventListener("pointerup", up, options);
  canvas.addEventListener("pointercancel", (event) => pointers.delete(event.pointerId), options);
  const leave = ({ pointerType }: PointerEvent) => pointerType === "touch" || to.onLeave();
  canvas.addEventListener("pointerleave", leave, options); // a finger leaves whenever it is lifted
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      to.onZoom(Math.exp(-event.deltaY * 0.0016), event.offsetX, event.offsetY);
    },
    { ...options, passive: false },
  );
  canvas.addEventListener(
    "keydown",
    (event) => {
      if (to.onKey(event.key)) event.preventDefault();
    },
    options,
  );
  return () => stop.abort();
}
