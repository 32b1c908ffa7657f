import { expect, test } from "vitest";
import { type Copy, difference, evidence } from "../../src/inspector/evidence";

const COPY: Copy = {
  clip_id: 2,
  kind: "same recording",
  offset_s: 0,
  gain_db: null,
  similarity: 0.987,
  lossless: false,
  bandwidth_hz: 15_980,
  silence_s: 0,
  clipped: 0,
};

test("how far a copy agrees is said, and only what differs beside it", () => {
  expect(difference(COPY)).toBe("99 % match");
  expect(difference({ ...COPY, offset_s: 0.04, gain_db: 0.4 })).toBe("99 % match");
  expect(difference({ ...COPY, kind: "copy" })).toBe("identical file");
});

test("a copy begins later or earlier, and is louder or softer", () => {
  expect(difference({ ...COPY, offset_s: 1.26, gain_db: -12.2 })).toBe(
    "99 % match, starts 1.3 s later, 12 dB softer",
  );
  expect(difference({ ...COPY, offset_s: -0.5, gain_db: 6 })).toBe(
    "99 % match, starts 0.5 s earlier, 6 dB louder",
  );
});

test("what was measured in a file is said, nothing where nothing was", () => {
  expect(evidence(COPY)).toBe("; lossy, sounds up to 16.0 kHz");
  expect(evidence({ ...COPY, silence_s: 1.2, clipped: 0.004 })).toBe(
    "; lossy, sounds up to 16.0 kHz, 1.2 s of silence, 0.40 % clipped",
  );
  expect(evidence({ ...COPY, bandwidth_hz: null })).toBe("");
});
