// SHA-256, a piece at a time (FIPS 180-4).
//
// A page from plain http has no crypto.subtle, and crypto.subtle would want a whole file at once.
// The loop over the 64 rounds keeps the eight working variables in locals, and the schedule in one
// Int32Array: what JavaScript engines turn into machine code without allocating.

const BLOCK = 64;

/** The first 32 bits of the fractional part of a root of each of the first primes (section 4.2.2, 5.3.3). */
function fractions(count, root) {
  const found = [];
  for (let candidate = 2; found.length < count; candidate++) {
    if (isPrime(candidate)) found.push(((candidate ** root % 1) * 2 ** 32) | 0);
  }
  return Int32Array.from(found);
}

function isPrime(number) {
  for (let divisor = 2; divisor * divisor <= number; divisor++) {
    if (number % divisor === 0) return false;
  }
  return true;
}

const K = fractions(64, 1 / 3);
const START = fractions(8, 1 / 2);

export class Sha256 {
  #state = START.slice();
  #schedule = new Int32Array(BLOCK);
  #rest = new Uint8Array(BLOCK);
  #length = 0;

  /** Takes further bytes, a Uint8Array of any length. */
  update(bytes) {
    let at = 0;
    const held = this.#length % BLOCK;
    this.#length += bytes.length;
    if (held > 0) {
      at = Math.min(BLOCK - held, bytes.length);
      this.#rest.set(bytes.subarray(0, at), held);
      if (held + at < BLOCK) return this;
      this.#blocks(this.#rest, 0, BLOCK);
    }
    const end = bytes.length - ((bytes.length - at) % BLOCK);
    this.#blocks(bytes, at, end);
    this.#rest.set(bytes.subarray(end));
    return this;
  }

  /** Ends the text, and returns its digest in hexadecimal. */
  hex() {
    const length = this.#length;
    const padding = new Uint8Array(BLOCK * (length % BLOCK < 56 ? 1 : 2) - (length % BLOCK));
    padding[0] = 0x80;
    const view = new DataView(padding.buffer);
    view.setUint32(padding.length - 8, Math.floor(length / 2 ** 29));
    view.setUint32(padding.length - 4, (length << 3) >>> 0);
    this.update(padding);
    return hexOf(new Uint32Array(this.#state));
  }

  #blocks(bytes, from, to) {
    for (let at = from; at < to; at += BLOCK) {
      this.#expand(bytes, at);
      this.#rounds();
    }
  }

  #expand(bytes, at) {
    const w = this.#schedule;
    for (let i = 0; i < 16; i++, at += 4) {
      w[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    }
    for (let i = 16; i < BLOCK; i++) {
      const x = w[i - 15];
      const y = w[i - 2];
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
    }
  }

  #rounds() {
    const w = this.#schedule;
    const state = this.#state;
    let a = state[0];
    let b = state[1];
    let c = state[2];
    let d = state[3];
    let e = state[4];
    let f = state[5];
    let g = state[6];
    let h = state[7];
    for (let i = 0; i < BLOCK; i++) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const t1 = (h + s1 + (g ^ (e & (f ^ g))) + K[i] + w[i]) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const t2 = (s0 + ((a & b) | (c & (a | b)))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
  }
}

/** 32-bit words, or the bytes of an ArrayBuffer, in hexadecimal. */
export function hexOf(words) {
  const digits = words.BYTES_PER_ELEMENT * 2;
  return Array.from(words, (word) => word.toString(16).padStart(digits, "0")).join("");
}
