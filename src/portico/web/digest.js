// A worker that computes the SHA-256 of a file, beside its upload: a File comes, its digest goes back.

import { Sha256, hexOf } from "/web/sha256.js";

/** What is read at once: long enough that reading costs little, and some dozen fit a phone's memory. */
const PIECE = 4 * 1024 * 1024;

/** Up to here the browser's own code may have the whole file in memory; it is several times faster. */
const WHOLE = 64 * 1024 * 1024;

async function digest(file) {
  if (file.size <= WHOLE && self.crypto?.subtle) {
    return hexOf(new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer())));
  }
  const hash = new Sha256();
  for (let at = 0; at < file.size; at += PIECE) {
    hash.update(new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer()));
  }
  return hash.hex();
}

self.addEventListener("message", async ({ data: file }) => {
  try {
    self.postMessage({ sha256: await digest(file) });
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
});
