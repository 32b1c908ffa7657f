/** The build: hashed names, one chunk for what the first page needs, others for what is opened later. */
import { defineConfig } from "vite";

/** Whatever is fetched only when it is first shown. */
const LATER =
  /wavesurfer|passagewaveform|passagefields|\/(recorder|microphone|takes|passage|preview|cutter|transport|comparing|reversing|understanding|historylist|tagoptions)\.ts|\/map\/|\/inspector\/(inspector|about|copies|edit|matches|happens|spectrogram)\.ts|\/library\/(view|job|jobs|folderlist|folders|duplicates|uploads|removals)\.ts|\/messages\/(zh\.ts|said\.zh\.json)|\/results\/(many(bar|export|files|tags)|taking|columnmenu|head)\.ts|\/collections\/|src\/settings\.tsx|library\.css/;

export default defineConfig({
  base: "./", // wherever a proxy puts the page
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: "page", test: (id: string) => !LATER.test(id) }] } },
    },
  },
  server: { proxy: { "/api": "http://127.0.0.1:8000" } },
});
