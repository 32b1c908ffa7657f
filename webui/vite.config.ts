/** The build: hashed names, one chunk for what the first page needs, others for what is opened later. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { defineConfig } from "vite";

const STATIC_IMPORT = /^(?:import|export)\s(?!type\b)(?:[^;"']*?\sfrom\s)?["'](\.[^"']+)["']/gm;

/** The files of ours that are imported from here without `import()`: they come with the first page. */
function reached(file: string, found: Set<string> = new Set()): Set<string> {
  const name = ["", ".ts", ".tsx"]
    .map((ending) => file + ending)
    .find((one) => /\.\w+$/.test(one) && existsSync(one));
  if (!name || found.has(name)) return found;
  found.add(name);
  if (/\.tsx?$/.test(name))
    for (const [, path] of readFileSync(name, "utf8").matchAll(STATIC_IMPORT))
      reached(resolve(dirname(name), path!), found);
  return found;
}

const FIRST = reached(resolve(import.meta.dirname, "src/main.tsx"));
const LIBRARIES = /node_modules\/(preact|@preact)\/|^\0/;

/** A browser that knows it (Chromium 136 and later) compiles all functions of a file while it comes, beside the page, and none anew
    when it is called: nearly all of this one's are. */
const COMPILE_ALL = "//# allFunctionsCalledOnLoad";

export default defineConfig({
  base: "./", // wherever a proxy puts the page
  build: {
    target: "es2022",
    modulePreload: false,
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: {
        postBanner: ({ name }) => (name === "page" ? COMPILE_ALL : ""),
        codeSplitting: {
          groups: [{ name: "page", test: (id: string) => FIRST.has(id) || LIBRARIES.test(id) }],
        },
      },
    },
  },
  server: { proxy: { "/api": "http://127.0.0.1:8000" } },
});
