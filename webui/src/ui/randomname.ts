/** A name that nobody else has. Browsers give `crypto.randomUUID` to pages over HTTPS and of this machine only. */
export const randomName = (): string =>
  Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(16).padStart(8, "0")).join(
    "",
  );
