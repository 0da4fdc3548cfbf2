// The uploads: some at once, those that a reload cut off wait for their file.
//
// A page cannot open a file by itself: after a reload it says which uploads were cut off, and goes on when the
// same file is chosen again.

import { mayChange } from "/web/allowed.js";
import { digestOf } from "/web/hashing.js";
import { Kept } from "/web/kept.js";
import { another, nameOf } from "/web/format.js";
import { Upload } from "/web/tus.js";
import { UploadList } from "/web/upload_list.js";
import { isDone, isUnderWay } from "/web/upload_row.js";

const AT_ONCE = 4; // small ones wait for answers, not for the line; two of a browser's six connections stay free
const LINGER = 6000; // milliseconds what is done stays
const LOOK = 256_000_000; // bytes up to which a file that is there already is compared before anybody is asked
const DOTTED = "Names that begin with a dot are not shared: rename them first";
const ELSEWHERE = "Another tab of this browser is sending it";

export class Uploads {
  mayReplace = mayChange; // until the room refuses it

  #connection;
  #folder;
  #rows = new Map();
  #queue = [];
  #sending = 0;
  #kept = new Kept(() => this.#remember());
  #list = new UploadList(this);
  #tidy = 0;

  /** `folder()` is where what is chosen now goes to. */
  constructor(connection, folder) {
    this.#connection = connection;
    this.#folder = folder;
    connection.addEventListener("state", () => connection.online && this.#online());
    addEventListener("beforeunload", (event) => this.#isBusy() && event.preventDefault());
  }

  /** All rows, oldest first. */
  get rows() {
    return [...this.#rows.values()];
  }

  /** Takes chosen files, `{file, path}` or `{path, why}` for what cannot be read. */
  add(chosen) {
    const left = new Map();
    const cutOff = this.#kept.cutOff();
    for (const { file, path, why } of chosen) {
      const reason = why ?? (isHidden(path) ? DOTTED : null);
      if (reason === null) this.#enqueue(file, path, cutOff);
      else if (left.has(reason)) left.get(reason).push(path);
      else left.set(reason, [path]);
    }
    left.forEach((paths, why) => this.#leaveOut(paths, why));
    this.#next();
  }

  /** Sends a row (again); `changes` are what shall be different. */
  again(row, changes = {}) {
    if (changes.path) this.#giveUp(row);
    Object.assign(row, changes, { state: "queued", rate: undefined });
    this.#queue.push(row);
    this.#next();
  }

  /** Sends a row beside the file of that name. */
  keepBoth(row) {
    this.again(row, { path: another(row.path) });
  }

  /** Forgets a row, here and on the server. */
  cancel(row) {
    this.#forget(row);
    row.state = "cancelled";
    row.digest?.stop();
    this.#giveUp(row);
    this.#next();
  }

  #enqueue(file, chosen, cutOff) {
    const cut = taken(cutOff, file, chosen);
    const path = cut?.path ?? this.#folder() + chosen;
    const key = cut?.key ?? `${path}|${file.size}|${file.lastModified}`;
    if (isUnderWay(this.#rows.get(key) ?? {})) return;
    if (this.#kept.isElsewhere(key)) return this.#leaveOut([path], ELSEWHERE);
    this.#rows.delete(key); // so that it stands last
    const row = { key, file, path, size: file.size, offset: 0, state: "queued", url: cut?.url ?? null };
    this.#rows.set(key, row);
    this.#queue.push(row);
    if (cut) this.#kept.put(row, cut.url);
  }

  #leaveOut(paths, why) {
    const path = paths.length > 1 ? `${paths[0]} and ${(paths.length - 1).toLocaleString()} more` : paths[0];
    const key = `${path}|${why}`;
    this.#rows.set(key, { key, path, why, size: 0, offset: 0, state: "refused" });
  }

  /** Shows what was cut off, as far as the room still has it. */
  #remember() {
    const cutOff = this.#kept.cutOff();
    const keys = new Set(cutOff.map(({ key }) => key));
    this.#dropWhere(({ key, state }) => state === "remembered" && !keys.has(key));
    for (const kept of cutOff.filter(({ key }) => !this.#rows.has(key))) {
      const row = { ...kept, offset: 0, state: "remembered" };
      this.#rows.set(row.key, row);
      this.#find(row);
    }
    this.#list.draw();
  }

  /** Asks how far one that was cut off has come. */
  async #find(row) {
    const upload = new Upload({ url: row.url });
    try {
      const arrived = await upload.look();
      row.offset ||= upload.offset;
      if (arrived !== null && row.state === "remembered") this.#forget(row);
    } catch (error) {
      if (error.status === 404 && row.state === "remembered") this.#forget(row);
    }
    this.#list.draw();
  }

  #next() {
    while (this.#sending < AT_ONCE && this.#queue.length > 0) {
      const row = this.#queue.shift();
      if (row.state === "queued") this.#run(row);
    }
    clearTimeout(this.#tidy);
    if (!this.#isBusy()) this.#tidy = setTimeout(() => this.#clear(), LINGER);
    this.#list.draw();
  }

  async #run(row) {
    this.#sending++;
    row.state = "going";
    row.digest = digestOf(row.file);
    row.upload = new Upload({
      file: row.file,
      metadata: metadataOf(row),
      url: row.url,
      headers: () => this.#headers(row),
      changed: (change) => this.#changed(row, change),
    });
    try {
      const arrived = await row.upload.run();
      row.state = "checking";
      this.#check(row, arrived);
    } catch (error) {
      this.#failed(row, error);
    }
    this.#sending--;
    this.#next();
  }

  #headers({ replace }) {
    const { secret } = this.#connection;
    return { ...(secret && { "Portico-Session": secret }), ...(replace && { "Portico-Replace": "1" }) };
  }

  #changed(row, { state, offset, why }) {
    if (row.state === "cancelled") return;
    Object.assign(row, { state, offset, why });
    const { url } = row.upload;
    if (url !== null && row.url !== url && offset < row.size) this.#kept.put(row, url);
    row.url = url;
    this.#list.draw();
  }

  /** Compares what arrived with what this computer has. */
  async #check(row, arrived) {
    this.#kept.drop(row.key);
    row.url = null;
    const digest = await row.digest.result;
    if (row.state === "cancelled") return;
    row.state = arrived === digest ? "done" : "refused";
    row.why = "What arrived is not what this computer has: delete it there and send it again";
    if (digest === null || arrived === null) row.state = "unverified";
    this.#next();
  }

  async #failed(row, error) {
    if (row.state === "cancelled") return;
    Object.assign(row, { state: "refused", why: error.message });
    if (error.code === "EXISTS") await this.#compare(row);
    if (error.code === "DENIED" && row.replace) {
      this.mayReplace = row.replace = false;
      row.state = "exists";
    }
    row.digest.stop();
    this.#next();
  }

  /** Leaves it at that where the file that is there already is this one; else somebody has to be asked. */
  async #compare(row) {
    row.state = "checking";
    const same = await this.#isThere(row);
    if (row.state === "cancelled") return;
    row.state = same ? "same" : "exists";
    if (same) this.#giveUp(row);
  }

  async #isThere({ path, size, digest }) {
    if (size > LOOK) return false;
    try {
      const there = await this.#connection.request("stat", { path });
      if (there.size !== size) return false;
      const { sha256 } = await this.#connection.request("stat", { path, digest: true });
      return sha256 === (await digest.result);
    } catch {
      return false;
    }
  }

  /** Gives up what the server has of a row. */
  #giveUp(row) {
    const upload = row.upload ?? (row.url ? new Upload({ url: row.url }) : null);
    upload?.cancel();
    this.#kept.drop(row.key);
    Object.assign(row, { url: null, upload: null, offset: 0 });
  }

  #forget(row) {
    this.#kept.drop(row.key);
    this.#rows.delete(row.key);
  }

  #online() {
    this.mayReplace = mayChange; // it may be another room, or the same with other rules
    this.#rows.forEach((row) => row.upload?.retry());
  }

  #isBusy() {
    return this.#sending > 0 || this.#queue.length > 0 || this.rows.some(({ state }) => state === "checking");
  }

  #clear() {
    this.#dropWhere(isDone);
    this.#list.draw();
  }

  #dropWhere(condition) {
    this.rows.filter(condition).forEach(({ key }) => this.#rows.delete(key));
  }
}

function isHidden(path) {
  return path.split("/").some((part) => part.startsWith("."));
}

/** Takes the upload of this file out of those that were cut off; it may have been in a folder then. */
function taken(cutOff, file, chosen) {
  const isIt = ({ path, size, modified }) =>
    nameOf(path) === file.name && size === file.size && modified === file.lastModified;
  const same = cutOff.filter(isIt);
  const found = same.find(({ path }) => path.endsWith(chosen)) ?? same[0];
  if (found) cutOff.splice(cutOff.indexOf(found), 1);
  return found;
}

function metadataOf({ path, file, replace }) {
  const mtime = new Date(file.lastModified).toISOString().replace("Z", "000Z"); // six digits, as STAT
  return { filename: path, mtime, ...(replace ? { replace: "1" } : {}) };
}
