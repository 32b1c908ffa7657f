// Compresses what was built, once, so that the service sends files as they lie on disk.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

const TEXT = /\.(js|css|svg)$/;
const SMALLEST_BYTES = 256;

const names = await readdir("dist", { recursive: true });
for (const name of names.filter((one) => TEXT.test(one))) {
  const path = join("dist", name);
  const content = await readFile(path);
  if (content.length < SMALLEST_BYTES) continue;
  await writeFile(`${path}.gz`, gzipSync(content, { level: 9 }));
  await writeFile(`${path}.br`, brotliCompressSync(content));
}
