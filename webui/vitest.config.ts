/** Unit tests of what needs no browser; `tests/page` of the project drives the rest in one. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { include: ["tests/**/*.test.ts"] },
});
