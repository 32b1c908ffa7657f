/** Unit tests of what needs no browser; `tests/page` of the project drives the rest in one. */
import { defineConfig } from "vitest/config";

/** Only what is broken takes so long, on a machine with other work to do too. */
const PATIENCE_MS = 120_000;

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    pool: "threads", // a fifth less work than processes
    testTimeout: PATIENCE_MS,
    hookTimeout: PATIENCE_MS,
  },
});
