/** Sentences of the service are told from what stands in them, and said in the language of the page. */
import { describe, expect, it } from "vitest";
import zh from "../../src/messages/said.zh.json";
import { translated } from "../../src/messages/translated";

const inChinese = (text: string): string => translated(text, zh);

describe("a sentence of the service", () => {
  it.each([
    ["no clip has the id 17", "没有编号为 17 的声音"],
    [
      "no melody heard: only 0.2 s of voice were heard; hum for three seconds or more",
      "没有听到旋律：只听到 0.2 秒人声；请哼唱三秒以上",
    ],
    ["waits for another writer: no such file", "等待另一个写入者：没有此文件"],
    [
      'no "cat" here; nearest: 12 of Baby cry, 3 of Dog',
      "此音库中没有“cat”；最接近的有：Baby cry（12 个），Dog（3 个）",
    ],
    [
      "has 2 sound tracks; track 5 (counted from 0) was asked for",
      "有 2 条音轨；而请求的是音轨 5（从 0 计）",
    ],
    [
      "3 clips could not be judged: their facts were not measured; run: soundalike facts --measure",
      "有 3 个声音无法判断，因为尚未测量；请运行：soundalike facts --measure",
    ],
    [
      "the filter at character 5 (after ▸ in: tag ▸= hero): expected a text in quotes",
      "筛选条件第 5 个字符处（▸ 之后：tag ▸= hero）：此处应为带引号的文字",
    ],
    ["x.wav: 700 s long, more than the 600 s allowed", "x.wav：长 700 秒，超过允许的 600 秒"],
    [
      "x.wav: damaged: 3 of 10 packets of sound cannot be decoded",
      "x.wav：损坏：10 个声音数据包中有 3 个无法解码",
    ],
    [
      "x.wav: truncated: the header says 3 s, only 2 s are there",
      "x.wav：不完整：文件头写明 3 秒，实际只有 2 秒",
    ],
    ["x.wav: cannot be opened: no such file", "x.wav：无法打开：没有此文件"],
    ["3 of 10.wav: the file is empty", "3 of 10.wav：文件为空"],
    ['no "cat" here; nearest: 3 of Dog', "此音库中没有“cat”；最接近的有：Dog（3 个）"],
    [
      "no melody heard: only 1 different note was heard; that is not enough of a tune",
      "没有听到旋律：只听到 1 个不同的音；不足以构成旋律",
    ],
    [
      "no melody heard: only 2 different notes were heard; that is not enough of a tune",
      "没有听到旋律：只听到 2 个不同的音；不足以构成旋律",
    ],
    ["job 7 is running; it cannot pause", "任务 7 的状态为运行中；不能执行暂停"],
    ["the key 'mine' may not write", "密钥 'mine' 没有此权限：写入"],
    ["too many sounds are being decoded at once; try again", "同时进行的操作（解码声音）过多，请重试"],
    [
      "/data/lib: process 12 has been writing since 10:02; wait until it is done, or stop it",
      "/data/lib：process 12 从 10:02 起正在写入；请等待它完成，或停止它",
    ],
  ])("%s", (english, chinese) => expect(inChinese(english)).toBe(chinese));

  it.each(["constructor", "__proto__", "toString", "hasOwnProperty", "running", "write"])(
    "%s is a word of somebody",
    (word) => {
      expect(inChinese(word)).toBe(word);
      expect(inChinese(`no "${word}" here`)).toBe(`此音库中没有“${word}”`);
      expect(inChinese(`job 1 is ${word}x; it cannot pause`)).toBe(`任务 1 的状态为${word}x；不能执行暂停`);
    },
  );

  it("leaves what somebody typed as it was", () => {
    expect(inChinese('no "a: no such file, one sample" here')).toBe(
      "此音库中没有“a: no such file, one sample”",
    );
    expect(inChinese("there is already a saved search called no such file")).toBe(
      "已有同名的已保存检索：no such file",
    );
    expect(inChinese("'a, one sample' went wrong")).toBe("'a, one sample' went wrong");
  });

  it("of a text with very many colons or commas, or a very long one, is not looked for", () => {
    const long = `${"a: ".repeat(3000)}no such file`;
    expect(inChinese(long)).toBe(long);
    const many = `${"a: ".repeat(30)}no such file`;
    expect(inChinese(many)).toBe(many);
    expect(inChinese(`${"a: ".repeat(20)}no such file`)).toBe(`${"a: ".repeat(19)}a：没有此文件`);
  });

  it("of a file keeps its name", () => {
    expect(inChinese("door slam.wav: the file is empty")).toBe("door slam.wav：文件为空");
    expect(inChinese("a: b, no such file.wav: text, not sound")).toBe(
      "a: b, no such file.wav：是文本，不是声音",
    );
  });

  it("that nobody knows stays as it is", () => {
    expect(inChinese("something else entirely went wrong")).toBe("something else entirely went wrong");
  });

  it("is Chinese in Chinese, with its own marks", () => {
    const latin = Object.values(zh).filter((text) => text && !/\p{Script=Han}/u.test(text));
    expect(latin.filter((text) => !/^( \S|soundalike )/.test(text))).toEqual([]);
    expect(Object.values(zh).filter((text) => /\p{Script=Han}[,;:?!]/u.test(text))).toEqual([]);
  });
});
