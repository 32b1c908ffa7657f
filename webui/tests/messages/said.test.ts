/** Sentences of the service are told from what stands in them, and said in the language of the page. */
import { describe, expect, it } from "vitest";
import zh from "../../src/messages/said.zh.json";
import { translated } from "../../src/messages/said";

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
  ])("%s", (english, chinese) => expect(inChinese(english)).toBe(chinese));

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
