/**
 * A question as the query string of an address, and back, so that it can be shared and the back button works:
 *
 *   ?q=rain&part=clip:17@1.2-3.4&part=-0.5*text:thunder&filter=duration_s < 6
 *
 * `audio:0123456789ab#1x0.1` is the second sound track of a file, played at a tenth of its speed;
 * `clip:17~timbre=1,darker` asks for the same timbre, and for what is darker.
 */
import { readLiking, writeLiking } from "./liking";
import { WORD_LANGUAGES } from "./words";
import { isRecall, isSpeed, type Part, type Passage, type Played, type Question, type Thing } from "./model";

const PASSAGE = /@(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$/;
const PLAYED = /^([^#x]+)(?:#(\d{1,4}))?(?:x(\d+(?:\.\d+)?))?$/;
const LIKING = /~([a-z=.,\d]+)$/;
const WEIGHTED = /^(-?\d+(?:\.\d+)?)\*/;

export function writeQuestion(question: Question): URLSearchParams {
  const params = new URLSearchParams();
  if (question.draft) params.set("q", question.draft);
  for (const part of question.parts) params.append("part", writePart(part));
  for (const filter of question.filters) params.append("filter", filter);
  if (question.region) params.set("region", question.region);
  if (question.within) params.set("within", question.within);
  if (question.language) params.set("language", question.language);
  if (question.recall !== undefined) params.set("recall", String(question.recall));
  return params;
}

/** What cannot be read is left out: an address may come from anywhere. */
export function readQuestion(params: URLSearchParams): Question {
  const recall = Number(params.get("recall"));
  return {
    draft: params.get("q") ?? "",
    parts: params.getAll("part").flatMap((written) => readPart(written) ?? []),
    filters: params.getAll("filter").filter(Boolean),
    region: params.get("region") ?? "",
    within: params.get("within") ?? "",
    language: readLanguage(params.get("language")),
    ...(isRecall(recall) && { recall }),
  };
}

export function writePart({ thing, weight, liking = {} }: Part): string {
  const weighted = weight === 1 ? "" : `${weight}*`;
  const how = writeLiking(liking);
  return `${weighted}${thing.kind}:${writeThing(thing)}${how && `~${how}`}`;
}

function writeThing(thing: Thing): string {
  switch (thing.kind) {
    case "text":
      return thing.text;
    case "notes":
      return thing.notes;
    case "segment":
      return String(thing.id);
    case "clip":
      return thing.id + writePassage(thing.passage);
    case "audio":
      return thing.file + writePlayed(thing.played) + writePassage(thing.passage);
    default:
      return thing.file + writePassage(thing.passage);
  }
}

function writePlayed({ track, speed }: Played = {}): string {
  return (track === undefined ? "" : `#${track}`) + (speed === undefined ? "" : `x${speed}`);
}

function readPlayed(written: string): { file: string; played?: Played } | null {
  const [, file, track, speed] = PLAYED.exec(written) ?? [];
  if (!file || (speed !== undefined && !isSpeed(Number(speed)))) return null;
  const played = {
    ...(track !== undefined && { track: Number(track) }),
    ...(speed !== undefined && { speed: Number(speed) }),
  };
  return { file, ...(Object.keys(played).length > 0 && { played }) };
}

function writePassage(passage: Passage | undefined): string {
  return passage ? `@${round(passage.start_s)}-${round(passage.end_s)}` : "";
}

const round = (seconds: number): number => Math.round(seconds * 1000) / 1000;

const LIKED = new Set<string>(["clip", "segment", "audio"] satisfies Thing["kind"][]);

export function readPart(written: string): Part | null {
  const weight = Number(WEIGHTED.exec(written)?.[1] ?? 1);
  const rest = written.replace(WEIGHTED, "");
  const colon = rest.indexOf(":");
  const how = LIKED.has(rest.slice(0, colon)) ? LIKING.exec(rest) : null;
  const liking = how?.[1] === undefined ? {} : readLiking(how[1]);
  const thing = readThing(rest.slice(0, colon), rest.slice(colon + 1, how?.index));
  if (!thing || !liking || weight === 0 || Math.abs(weight) > 1000) return null;
  return { thing, weight, ...(Object.keys(liking).length > 0 && { liking }) };
}

function readThing(kind: string, value: string): Thing | null {
  const found = PASSAGE.exec(value);
  const passage = found ? { start_s: Number(found[1]), end_s: Number(found[2]) } : undefined;
  const bare = found ? value.slice(0, found.index) : value;
  switch (kind) {
    case "text":
      return value.trim() ? { kind, text: value } : null;
    case "notes":
      return value.trim() ? { kind, notes: value } : null;
    case "segment":
      return isId(value) ? { kind, id: Number(value) } : null;
    case "clip":
      return isId(bare) ? { kind, id: Number(bare), ...(passage && { passage }) } : null;
    case "audio": {
      const found = readPlayed(bare);
      return found && { kind, ...found, ...(passage && { passage }) };
    }
    case "hum":
      return bare ? { kind, file: bare, ...(passage && { passage }) } : null;
    default:
      return null;
  }
}

const readLanguage = (code: string | null): string => WORD_LANGUAGES.find((one) => one === code) ?? "";

const isId = (text: string): boolean => /^[1-9]\d{0,15}$/.test(text);
