// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import { filesIn, filesOf } from "../../src/library/dropped";

type Entry = Pick<FileSystemEntry, "isFile" | "name">;

const file = (name: string): Entry & { file: FileSystemFileEntry["file"] } => ({
  isFile: true,
  name,
  file: (done) => done(new File(["x"], name)),
});

/** A folder that is listed in portions, as browsers do. */
const folder = (name: string, ...portions: Entry[][]): Entry & { createReader: () => unknown } => ({
  isFile: false,
  name,
  createReader: () => {
    const left = [...portions, []];
    return { readEntries: (done: (some: Entry[]) => void) => done(left.shift() ?? []) };
  },
});

const unreadable = (name: string): Entry & { file: FileSystemFileEntry["file"] } => ({
  isFile: true,
  name,
  file: (_, failed) => failed?.(new DOMException("", "NotReadableError")),
});

const dropOf = (...entries: Entry[]) =>
  ({
    items: entries.map((entry) => ({ webkitGetAsEntry: () => entry })),
    files: [],
  }) as unknown as DataTransfer;

const names = async (drop: DataTransfer) => (await filesOf(drop)).files.map(({ name }) => name);

describe("what is dropped", () => {
  it("has the folders that it lay in, in every portion of their lists", async () => {
    const deep = folder("deep", [file("c.wav")]);
    const drop = dropOf(file("a.wav"), folder("field", [file("b.wav")], [deep, file("d.wav")]));
    expect(await names(drop)).toEqual(["a.wav", "field/b.wav", "field/deep/c.wav", "field/d.wav"]);
    expect((await filesOf(drop)).folders).toBe(true);
  });

  it("is without what is hidden, folders too", async () => {
    const drop = dropOf(
      file(".hidden.wav"),
      folder("field", [file("._b.wav"), folder(".trash", [file("c.wav")])]),
    );
    expect(await names(drop)).toEqual([]);
  });

  it("is without what cannot be read, and with the rest", async () => {
    expect(await names(dropOf(unreadable("a.wav"), file("b.wav")))).toEqual(["b.wav"]);
  });

  it("is plain files where the browser tells no entries", async () => {
    const drop = { items: [{ webkitGetAsEntry: () => null }], files: [new File(["x"], "a.wav")] };
    const found = await filesOf(drop as unknown as DataTransfer);
    expect(found.files.map(({ name }) => name)).toEqual(["a.wav"]);
    expect(found.folders).toBe(false);
  });
});

describe("what is chosen", () => {
  const chosen = (...paths: string[]) => {
    const files = paths.map((path) =>
      Object.assign(new File(["x"], path.split("/").at(-1) ?? ""), {
        webkitRelativePath: path.includes("/") ? path : "",
      }),
    );
    return filesIn({ files } as unknown as HTMLInputElement).map(({ name }) => name);
  };

  it("of a folder has its path, and nothing hidden", () => {
    expect(chosen("pack/a.wav", "pack/._a.wav", "pack/.trash/b.wav")).toEqual(["pack/a.wav"]);
  });

  it("as a file is taken by whatever name it has", () =>
    expect(chosen(".a.wav", "b.wav")).toEqual([".a.wav", "b.wav"]));
});
