// Unpacks the Chromium of @sparticuz/chromium into `unpacked/`. The package's own function unpacks into the system's
// temporary folder, and finds its libraries and fonts there only; this takes its files as they are.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { brotliDecompressSync } from "node:zlib";

const PACKED = "node_modules/@sparticuz/chromium/bin";
const UNPACKED = "unpacked";
const PARTIAL = "unpacked.partial";
/** Next to each other: libraries that a small system lacks, the graphics driver in software, one font. */
const ARCHIVES = ["al2023", "swiftshader", "fonts"];
/** The packed one names folders of a cloud service; `relative` is to this file. */
const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir prefix="relative">fonts</dir></fontconfig>
`;

const unpacked = (name) => brotliDecompressSync(readFileSync(`${PACKED}/${name}.br`));

rmSync(PARTIAL, { recursive: true, force: true });
mkdirSync(PARTIAL);
for (const name of ARCHIVES)
  execFileSync("tar", ["-x", "--no-same-owner", "-C", PARTIAL], { input: unpacked(`${name}.tar`) });
writeFileSync(`${PARTIAL}/fonts.conf`, FONTS);
writeFileSync(`${PARTIAL}/chromium`, unpacked("chromium"), { mode: 0o755 });
rmSync(UNPACKED, { recursive: true, force: true });
renameSync(PARTIAL, UNPACKED);
