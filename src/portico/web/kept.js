// The uploads that are unfinished, for after a reload: what all tabs of this browser know together.
//
// localStorage has them by key; each tab tells the others which ones it is at, so that an upload counts as cut
// off only when no tab goes on with it.

import { restore, store } from "/web/keeping.js";

const KEPT = "portico.uploads";
const ANSWER = 300; // milliseconds in which other tabs tell what they are at

export class Kept {
  #mine = new Set();
  #elsewhere = new Set();
  #channel = new BroadcastChannel(KEPT);
  #changed;

  /** `changed()` is called when other uploads than before are cut off. */
  constructor(changed) {
    this.#changed = changed;
    this.#channel.addEventListener("message", ({ data }) => this.#heard(data));
    addEventListener("pagehide", () => this.#tell({ left: [...this.#mine] }));
    this.#tell({ ask: true });
    setTimeout(changed, ANSWER);
  }

  /** Those that were cut off: `{key, url, path, size, modified}` of each. */
  cutOff() {
    const all = Object.entries(restore(localStorage, KEPT, {}));
    return all
      .filter(([key]) => !this.#mine.has(key) && !this.#elsewhere.has(key))
      .map(([key, kept]) => ({ key, ...kept }));
  }

  /** Whether another tab is at it. */
  isElsewhere(key) {
    return this.#elsewhere.has(key);
  }

  /** Keeps an upload that this tab is at. */
  put({ key, path, file }, url) {
    this.#mine.add(key);
    this.#store((all) => (all[key] = { url, path, size: file.size, modified: file.lastModified }));
    this.#tell({ has: [key] });
  }

  /** Forgets an upload. */
  drop(key) {
    if (!this.#mine.delete(key) && !(key in restore(localStorage, KEPT, {}))) return;
    this.#store((all) => delete all[key]);
    this.#tell({ left: [key] });
  }

  /** Changes what is kept now, which other tabs have changed too. */
  #store(change) {
    const all = restore(localStorage, KEPT, {});
    change(all);
    store(localStorage, KEPT, all);
  }

  #tell(news) {
    this.#channel.postMessage(news);
  }

  #heard({ ask, has = [], left = [] }) {
    if (ask) return this.#tell({ has: [...this.#mine] });
    has.forEach((key) => this.#elsewhere.add(key));
    left.forEach((key) => this.#elsewhere.delete(key));
    this.#changed();
  }
}
