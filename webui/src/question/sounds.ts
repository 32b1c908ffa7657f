/**
 * Sounds that were dropped, chosen or recorded, kept in this browser under a digest of their bytes.
 *
 * A question's address names them; they survive a reload. Nobody else who opens that address has them, and the chip
 * says so.
 */
const DATABASE = "soundalike";
const STORE = "sounds";
const KEPT = 40;

interface Kept {
  file: File;
  at: number;
}

const inMemory = new Map<string, File>();

/** Keep a sound; the key that names it from now on. */
export async function keepSound(file: File): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  const key = [...new Uint8Array(digest).slice(0, 6)]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  inMemory.set(key, file);
  await store("readwrite", (sounds) => sounds.put({ file, at: Date.now() } satisfies Kept, key));
  void forgetOld();
  return key;
}

/** The sound of a key, null where this browser does not have it. */
export async function findSound(key: string): Promise<File | null> {
  const here = inMemory.get(key);
  if (here) return here;
  const kept = await store<Kept | undefined>("readonly", (sounds) => sounds.get(key));
  if (!kept) return null;
  inMemory.set(key, kept.file);
  return kept.file;
}

/** The samples of a sound, as far as this browser knows its format. Rejects otherwise. */
export async function decodeSound(file: File): Promise<AudioBuffer> {
  return new OfflineAudioContext(1, 1, 8000).decodeAudioData(await file.arrayBuffer());
}

async function forgetOld(): Promise<void> {
  const keys = (await store<IDBValidKey[]>("readonly", (sounds) => sounds.getAllKeys())) ?? [];
  if (keys.length <= KEPT) return;
  const all = (await store<Kept[]>("readonly", (sounds) => sounds.getAll())) ?? [];
  const oldest = keys
    .map((key, place) => ({ key, at: all[place]?.at ?? 0 }))
    .sort((one, other) => one.at - other.at)
    .slice(0, keys.length - KEPT);
  for (const { key } of oldest) await store("readwrite", (sounds) => sounds.delete(key));
}

/** One request to the store; undefined where the browser refuses to keep things (private windows). */
function store<T>(
  mode: IDBTransactionMode,
  use: (sounds: IDBObjectStore) => IDBRequest,
): Promise<T | undefined> {
  return new Promise((resolve) => {
    let opening: IDBOpenDBRequest;
    try {
      opening = indexedDB.open(DATABASE, 1);
    } catch {
      resolve(undefined);
      return;
    }
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onerror = () => resolve(undefined);
    opening.onsuccess = () => {
      const database = opening.result;
      const transaction = database.transaction(STORE, mode);
      const request = use(transaction.objectStore(STORE));
      transaction.oncomplete = () => {
        database.close();
        resolve(request.result as T);
      };
      transaction.onabort = transaction.onerror = () => {
        database.close();
        resolve(undefined);
      };
    };
  });
}
