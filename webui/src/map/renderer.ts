/**
 * Draws the points with WebGL 2: one buffer, one call, so that moving about costs no script.
 *
 * The scatter plot libraries that were looked at build on regl, which makes functions from text while it runs; this
 * page's content security policy forbids that (docs/decisions/0008-search-page.md).
 */
import { t } from "../messages/t";
import type { Camera } from "./camera";
import { type Layout, NO_GROUP } from "./layout";

const VERTEX = `#version 300 es
in vec2 place;
in float group;
in float lit;
uniform vec2 scale;
uniform vec2 shift;
uniform float size;
uniform vec3 palette[9];
uniform float dimmed;
out vec4 colour;
void main() {
  gl_Position = vec4(place * scale + shift, lit > 0.0 ? -0.5 : 0.5, 1.0);
  gl_PointSize = size * (lit > 1.0 ? 2.4 : lit > 0.0 ? 1.7 : 1.0);
  int at = group > 8.0 ? 8 : int(group);
  colour = vec4(palette[at], lit > 0.0 ? 1.0 : dimmed);
}`;

const FRAGMENT = `#version 300 es
precision mediump float;
in vec4 colour;
out vec4 drawn;
void main() {
  float edge = length(gl_PointCoord - 0.5) * 2.0;
  float inside = 1.0 - smoothstep(0.75, 1.0, edge);
  if (inside <= 0.0) discard;
  drawn = vec4(colour.rgb, 1.0) * colour.a * inside; // as the canvas is put on the page: alpha multiplied in
}`;

export type Colour = readonly [number, number, number];

export class WebGlMissing extends Error {}

export class Renderer {
  private readonly gl: WebGL2RenderingContext;
  private readonly program: WebGLProgram;
  private readonly litBuffer: WebGLBuffer;
  private readonly lit: Uint8Array;
  private readonly buffers: WebGLBuffer[] = [];
  private readonly uniforms: Record<
    "scale" | "shift" | "size" | "palette" | "dimmed",
    WebGLUniformLocation | null
  >;
  private dimOthers = false;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly layout: Layout,
  ) {
    const gl = canvas.getContext("webgl2", { antialias: false });
    if (!gl) throw new WebGlMissing(t("The map needs WebGL 2, which this browser does not support."));
    this.gl = gl;
    this.program = link(gl);
    gl.useProgram(this.program);
    this.lit = new Uint8Array(layout.clipIds.length);
    this.attribute("place", layout.xy, 2, gl.FLOAT);
    this.attribute(
      "group",
      layout.group.map((one) => (one === NO_GROUP ? 8 : one)),
      1,
      gl.UNSIGNED_BYTE,
    );
    this.litBuffer = this.attribute("lit", this.lit, 1, gl.UNSIGNED_BYTE);
    const at = (name: string) => gl.getUniformLocation(this.program, name);
    this.uniforms = {
      scale: at("scale"),
      shift: at("shift"),
      size: at("size"),
      palette: at("palette"),
      dimmed: at("dimmed"),
    };
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  /** Light these points (places in the layout) up, the one under the pointer most of all; dim the others or not. */
  light(places: Iterable<number>, pointed: number, dimOthers: boolean): void {
    const { gl } = this;
    this.lit.fill(0);
    for (const at of places) this.lit[at] = 1;
    this.dimOthers = dimOthers;
    if (pointed >= 0) this.lit[pointed] = 2;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.litBuffer);
    gl.bufferSubData(gl.ARRAY_BUFFER, 0, this.lit);
  }

  /** `palette`: eight colours of groups and one for what is in none, each channel 0 to 1. */
  draw(camera: Camera, palette: readonly Colour[]): void {
    const { gl, canvas } = this;
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    const { scale, shift } = camera.uniforms();
    gl.uniform2fv(this.uniforms.scale, scale);
    gl.uniform2fv(this.uniforms.shift, shift);
    gl.uniform1f(this.uniforms.size, this.pointSize(camera));
    gl.uniform3fv(this.uniforms.palette, palette.flat());
    gl.uniform1f(this.uniforms.dimmed, this.dimOthers ? 0.35 : 0.8);
    gl.drawArrays(gl.POINTS, 0, this.layout.clipIds.length);
  }

  /** Give everything back; the canvas may be drawn on again by another renderer. */
  destroy(): void {
    for (const buffer of this.buffers) this.gl.deleteBuffer(buffer);
    this.gl.deleteProgram(this.program);
  }

  /** Few points are large, many small; they grow slowly as one looks closer. */
  private pointSize(camera: Camera): number {
    const crowd = Math.max(1, Math.sqrt(this.layout.clipIds.length / 300));
    const size_px = Math.min(16, Math.max(2.5, (9 / crowd) * camera.magnification() ** 0.5));
    return size_px * devicePixelRatio;
  }

  private attribute(
    name: string,
    values: Float32Array | Uint8Array,
    size: number,
    type: number,
  ): WebGLBuffer {
    const { gl } = this;
    const buffer = gl.createBuffer();
    this.buffers.push(buffer);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
    const place = gl.getAttribLocation(this.program, name);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, size, type, false, 0, 0);
    return buffer;
  }
}

function link(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(type);
    if (!shader) throw new WebGlMissing(t("The graphics context was lost; reload the page."));
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    throw new WebGlMissing(
      t("The map cannot be drawn here: {why}", { why: gl.getProgramInfoLog(program) ?? "" }),
    );
  }
  return program;
}
