/** The endpoints that the page uses, as functions. Types come from the OpenAPI document (`npm run types`). */
import { said } from "../messages/said";
import { t } from "../messages/t";
import { API, ask, type Schemas, sendJson } from "./client";

export type Hit = Schemas["HitOut"];
export type Clip = Schemas["ClipOut"];
export type Answer = Schemas["SearchOut"];
export type Clips = Schemas["ClipsOut"];
export type Facets = Schemas["FacetsOut"];
export type Tag = Schemas["TagOut"];
export type Peaks = Schemas["PeaksOut"];
export type Ready = Schemas["ReadyOut"];
export type SearchBody = Schemas["SearchIn"];
export type Job = Schemas["JobOut"];
export type Jobs = Schemas["JobsOut"];
export type Feedback = Schemas["FeedbackOut"];
export type Opinion = Schemas["OpinionIn"]["opinion"];

export interface Listing {
  where: string | null;
  region: string | null;
  within: string | null;
  sort: string;
  offset: number;
  limit: number;
  facets: boolean;
}

/** The service's state, also while it starts. */
export const ready = () => ask<Ready>("/ready", {}, 503);

/** Search; `files` are uploaded under the names that the body's parts refer to. */
export const search = (body: SearchBody, files: Map<string, File>, signal: AbortSignal): Promise<Answer> =>
  question("/search", body, files, signal);

/** The matching passages, each with its own start and end. */
export const moments = (
  body: Partial<Schemas["MomentsIn"]>,
  files: Map<string, File>,
  signal: AbortSignal,
): Promise<Schemas["MomentsOut"]> => question("/moments", body, files, signal);

function question<T>(
  path: string,
  body: unknown,
  files: Map<string, File>,
  signal?: AbortSignal,
): Promise<T> {
  if (files.size === 0) return sendJson<T>("POST", path, body, signal);
  const form = new FormData();
  form.set("query", JSON.stringify(body));
  for (const [name, file] of files) form.set(name, file, file.name);
  return ask<T>(path, { method: "POST", body: form, ...(signal && { signal }) });
}

export type Understood = Schemas["AskOut"];

/** A sentence, read as a question. */
export const askSentence = (body: Schemas["AskIn"]): Promise<Understood> => sendJson("POST", "/ask", body);

export type SoundEvent = Schemas["EventOut"];

/** The timeline of a clip's classes; it is computed if it is not stored yet. */
export const clipEvents = (id: number) => ask<Schemas["TimeLineOut"]>(`/clips/${id}/events`);

/** The stored timeline of a clip's classes; nothing is computed. */
export const storedEvents = (id: number) => ask<Schemas["TimeLineOut"]>(`/clips/${id}/events?stored=true`);

/** Whether a simple sound can be made from words. */
export const canBeMade = (words: string) =>
  ask<Schemas["MadeOut"]>(`/made?${new URLSearchParams({ words })}`);

export const madeUrl = (words: string) => `${API}/made.wav?${new URLSearchParams({ words })}`;

export function clips(asked: Listing, signal?: AbortSignal): Promise<Clips> {
  const params = new URLSearchParams({
    sort: asked.sort,
    offset: String(asked.offset),
    limit: String(asked.limit),
    facets: String(asked.facets),
  });
  if (asked.where) params.set("where", asked.where);
  if (asked.region) params.set("region", asked.region);
  if (asked.within) params.set("within", asked.within);
  return ask<Clips>(`/clips?${params}`, signal ? { signal } : {});
}

/** Throws Refused, with a readable message, when a filter is invalid. */
export const checkFilter = (where: string, signal?: AbortSignal): Promise<Clips> =>
  clips({ where, region: null, within: null, sort: "id", offset: 0, limit: 1, facets: false }, signal);

export const clip = (id: number, signal?: AbortSignal) => ask<Clip>(`/clips/${id}`, signal ? { signal } : {});
/** What the page can change in a clip. */
export interface ClipChange {
  title?: string;
  own_tags?: string[];
  remark?: string;
}

export const changeClip = (id: number, change: ClipChange) => sendJson<Clip>("PATCH", `/clips/${id}`, change);
export const audioUrl = (id: number) => `${API}/clips/${id}/audio`;

export const fileUrl = (id: number) => `${API}/clips/${id}/file`;

/** A URL with a file name at its end, which the service ignores: programs name what they download after it.
    Lone surrogates, from names in other encodings, cannot stand in a URL. */
export const named = (address: string, name: string): string =>
  `${address}/${encodeURIComponent(name.replace(/[\ud800-\udfff]/gu, "\ufffd"))}`;

export function spectrogramUrl(
  id: number,
  width: number,
  height: number,
  scale: "mel" | "linear" = "mel",
): string {
  return `${API}/clips/${id}/spectrogram.png?width=${width}&height=${height}&scale=${scale}`;
}

export const peaks = (id: number, buckets: number) => ask<Peaks>(`/clips/${id}/peaks?buckets=${buckets}`);

export type ClipPeaks = Schemas["ClipPeaksOut"];

/** Waveforms of clips; `short`: without those that take long to compute. */
export function peaksOf(
  ids: readonly number[],
  buckets: number,
  short: boolean,
): Promise<Schemas["ManyPeaksOut"]> {
  const params = new URLSearchParams({ buckets: String(buckets), short: String(short) });
  for (const id of ids) params.append("clip_id", String(id));
  return ask(`/peaks?${params}`);
}

export type ClipFacts = Schemas["ClipFactsOut"];

/** The facts of clips. */
export function factsOf(ids: readonly number[]): Promise<Schemas["ManyFactsOut"]> {
  const params = new URLSearchParams();
  for (const id of ids) params.append("clip_id", String(id));
  return ask(`/facts?${params}`);
}

export const feedback = (profile: string) => ask<Feedback>(`/feedback/${encodeURIComponent(profile)}`);

export function keepOpinion(profile: string, clipId: number, opinion: Opinion): Promise<Feedback> {
  const feedback: Schemas["OpinionIn"][] = [{ clip_id: clipId, opinion, weight: 1, at: 0 }];
  return sendJson("POST", `/feedback/${encodeURIComponent(profile)}`, { feedback });
}

export const forgetOpinion = (profile: string, clipId: number) =>
  ask<void>(`/feedback/${encodeURIComponent(profile)}/${clipId}`, { method: "DELETE" });

export const recommend = (body: Schemas["RecommendIn"], signal: AbortSignal) =>
  sendJson<Answer>("POST", "/recommend", body, signal);

export type CollectionSummary = Schemas["CollectionSummaryOut"];
export type Collection = Schemas["CollectionOut"];

export const collections = () => ask<Schemas["CollectionsOut"]>("/collections");
export const collection = (id: number) => ask<Collection>(`/collections/${id}`);
export const makeCollection = (body: Schemas["NewCollection"]) =>
  sendJson<Collection>("POST", "/collections", body);
export const changeCollection = (id: number, change: Schemas["CollectionChange"]) =>
  sendJson<Collection>("PATCH", `/collections/${id}`, change);
export const deleteCollection = (id: number) => ask<void>(`/collections/${id}`, { method: "DELETE" });

export type Roots = Schemas["RootsOut"];

export const roots = () => ask<Roots>("/roots");
export const addRoot = (path: string) => sendJson<Job>("POST", "/roots", { path });
export const scanRoot = (id: number) => ask<Job>(`/roots/${id}/scan`, { method: "POST" });

export type Failures = Schemas["FailuresOut"];

/** The first of the files that could not be indexed. */
export const failures = (limit: number) => ask<Failures>(`/failures?limit=${limit}`);
export const retryFailures = () => ask<Job>("/failures/retry", { method: "POST" });

export type SavedSearch = Schemas["SavedSearchOut"];

export const savedSearches = () => ask<Schemas["SavedSearchesOut"]>("/searches");
/** Save a search; `files` are uploaded as in `search`. */
export const saveSearch = (body: Partial<Schemas["NewSearchIn"]>, files: Map<string, File>) =>
  question<SavedSearch>("/searches", body, files);
export const changeSearch = (id: number, change: Partial<Schemas["SearchChange"]>) =>
  sendJson<SavedSearch>("PATCH", `/searches/${id}`, change);
/** The unseen matches of a saved search. */
export const newMatches = (id: number) =>
  ask<Schemas["SavedMatchesOut"]>(`/searches/matches?search_id=${id}&unseen=true&limit=1000`);
export const seeMatches = (id: number, upTo: number) =>
  sendJson<SavedSearch>("POST", `/searches/${id}/seen`, { up_to: upTo });

/** A sound of a saved search, as a file of this name. Throws when the service no longer has it. */
export async function savedSound(id: number, place: string, name: string): Promise<File> {
  const response = await fetch(`${API}/searches/${id}/sounds/${place}`);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return new File([await response.blob()], name);
}

/** Suggested text searches for the clips that pass a filter. */
export function suggestions(
  limit: number,
  where: string | null,
  signal: AbortSignal,
): Promise<Schemas["SuggestionsOut"]> {
  const params = new URLSearchParams({ limit: String(limit) });
  if (where) params.set("where", where);
  return ask(`/suggestions?${params}`, { signal });
}

export const beginSession = (key: string) => sendJson<void>("POST", "/session", { key });

export type Copies = Schemas["DuplicatesOut"];

/** The group of duplicates that a clip is in, if it is in one. */
export const copiesOf = (clipId: number) => ask<Copies>(`/duplicates?clip_id=${clipId}`);

/** The first of the groups of duplicates, the largest. */
export const duplicates = (limit: number) => ask<Copies>(`/duplicates?limit=${limit}`);

export type Merge = Schemas["MergeOut"];

/** The newest merges that can be undone. */
export const listMerges = (limit: number) => ask<Schemas["MergesOut"]>(`/merges?limit=${limit}`);
export const mergeClips = (body: Schemas["NewMerge"]) => sendJson<Merge>("POST", "/merges", body);
export const undoMerge = (id: number) =>
  ask<Schemas["UnmergedOut"]>(`/merges/${id}/undo`, { method: "POST" });

export const startJob = (kind: Schemas["NewJob"]["kind"]) => sendJson<Job>("POST", "/jobs", { kind });

const POLL_MS = 500;

/** Wait until a job has ended; `onProgress` is called with its progress. Throws when it failed. */
export async function waitForJob(job: Job, onProgress: (job: Job) => void = () => undefined): Promise<Job> {
  let now = job;
  while (now.state === "queued" || now.state === "running") {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    now = await ask<Job>(`/jobs/${job.id}`);
    onProgress(now);
  }
  if (now.state === "failed") throw new Error(now.reason ? said(now.reason) : t("the job failed"));
  return now;
}

export type ClipMap = Schemas["MapOut"];

/** The map, or the part of it within a filter, a region and a list. */
export function clipMap(
  where: string | null = null,
  region = "",
  within = "",
  signal?: AbortSignal,
  colour = "",
): Promise<ClipMap> {
  const params = new URLSearchParams();
  if (where) params.set("where", where);
  if (region) params.set("region", region);
  if (within) params.set("within", within);
  if (colour) params.set("colour", colour);
  return ask<ClipMap>(`/map${params.size > 0 ? `?${params}` : ""}`, signal ? { signal } : {});
}
