// What the page keeps in the browser, across reloads. Where that is forbidden or full, it only forgets more.

/** Reads what `store` kept. */
export function restore(storage, name, otherwise) {
  try {
    return JSON.parse(storage.getItem(name)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

/** Keeps a value, where that is allowed. */
export function store(storage, name, value) {
  try {
    storage.setItem(name, JSON.stringify(value));
  } catch {
    // Private windows and full disks.
  }
}
