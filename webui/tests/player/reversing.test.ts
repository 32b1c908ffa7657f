// @vitest-environment happy-dom
import { expect, it } from "vitest";
import { mirrored, wavOf } from "../../src/player/reversing";

it("a place stays the same one, seen from the other end", () => {
  expect([0, 1, 4, 5].map((at_s) => mirrored(at_s, 4))).toEqual([4, 3, 0, 0]);
});

it("samples are written as a WAV file of 16 bits, channel by channel", () => {
  const file = new DataView(wavOf([new Float32Array([0, 1]), new Float32Array([-1, 2])], 8000));
  expect(file.byteLength).toBe(44 + 8);
  expect(String.fromCharCode(...new Uint8Array(file.buffer, 0, 4))).toBe("RIFF");
  expect([file.getUint32(4, true), file.getUint16(22, true), file.getUint32(24, true)]).toEqual([
    44, 2, 8000,
  ]);
  expect([44, 46, 48, 50].map((at) => file.getInt16(at, true))).toEqual([0, -32_767, 32_767, 32_767]);
});
