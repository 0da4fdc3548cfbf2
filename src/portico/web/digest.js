// A worker that computes the SHA-256 of files, beside their uploads: `{id, file}` comes, `{id, sha256}` goes
// back, and `{stop: id}` ends one. Several files go on side by side, so that a small one never waits for one
// of many gigabytes.

import { Sha256, hexOf } from "/web/sha256.js";

/** What is read at once: long enough that reading costs little, and some dozen fit a phone's memory. */
const PIECE = 4 * 1024 * 1024;

/** Up to here the browser's own code may have the whole file in memory; it is several times faster. */
const WHOLE = 64 * 1024 * 1024;

const wanted = new Set();

async function digest(id, file) {
  if (file.size <= WHOLE && self.crypto?.subtle) {
    return hexOf(new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer())));
  }
  const hash = new Sha256();
  for (let at = 0; at < file.size && wanted.has(id); at += PIECE) {
    hash.update(new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer()));
  }
  return hash.hex();
}

self.addEventListener("message", async ({ data: { id, file, stop } }) => {
  if (stop !== undefined) return wanted.delete(stop);
  wanted.add(id);
  // A file that has changed meanwhile cannot be read, and has no digest.
  const sha256 = await digest(id, file).catch(() => null);
  if (wanted.delete(id)) self.postMessage({ id, sha256 });
});
