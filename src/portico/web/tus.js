// A client of tus 1.0 (tus.io): uploads that go on where they were cut off.
//
// One upload is one `Upload`. It creates itself (POST), sends chunk after chunk (PATCH), and after a lost
// connection asks where it stands (HEAD) and goes on, for as long as it takes. The last chunk makes the file
// appear; its answer carries the digest of what arrived. A small file goes along with the request that
// creates its upload.

const SMALL = 65_536; // sent before the server has agreed: what a refusal may cost in vain
const CHUNK = 16 * 1024 * 1024; // what a lost connection costs at most, if the server kept nothing of it
const RETRY = [500, 1000, 2000, 4000, 8000, 15_000, 30_000]; // milliseconds
const OCTETS = { "Content-Type": "application/offset+octet-stream" };
const PASSING = new Set([0, 423, 429, 500, 502, 503, 504]); // states that pass; 0 is no answer

/** An answer that ends an upload; `code` is the server's. */
export class UploadError extends Error {
  constructor(message, { code = "", status = 0 } = {}) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export class Upload {
  url;
  offset = 0;

  #file;
  #metadata;
  #headers;
  #changed;
  #request = null;
  #cancelled = false;
  #wake = () => {};

  /**
   * `file` is a File; `metadata` what the server shall know of it; `url` continues an upload; `headers()` are
   * sent with each request; `changed({state, offset, why})` is called as it goes: "going" or "waiting".
   */
  constructor({ file, metadata, url = null, headers = () => ({}), changed = () => {} }) {
    this.#file = file;
    this.#metadata = metadata;
    this.url = url;
    this.#headers = headers;
    this.#changed = changed;
  }

  /** Sends the file; resolves to the SHA-256 of what arrived, or null where the server told none. */
  async run() {
    let known = this.url === null;
    for (let failures = 0; ;) {
      const before = this.offset;
      try {
        if (!known) await this.look();
        known = true;
        if (this.url !== null) return await this.#send();
        const answer = await this.#create();
        return this.offset < this.#file.size ? await this.#send() : digestOf(answer);
      } catch (error) {
        if (error.status === 0) await this.#checkFile();
        if (!PASSING.has(error.status) && !this.#stale(error)) throw error;
        known = this.url === null;
        failures = this.offset > before ? 0 : failures + 1;
        await this.#pause(RETRY[Math.min(failures, RETRY.length - 1)], error);
      }
    }
  }

  /** Asks how far it has come; resolves to the SHA-256 of the file where it has become one. */
  async look() {
    const answer = await this.#exchange("HEAD", this.url);
    this.#reached(answer);
    return digestOf(answer);
  }

  /** Tries at once what would be tried later. */
  retry() {
    this.#wake();
  }

  /** Ends the upload, here and on the server. */
  async cancel() {
    this.#cancelled = true;
    this.#request?.abort();
    this.#wake();
    if (this.url !== null) await this.#exchange("DELETE", this.url).catch(() => {});
  }

  /** An upload that expired begins again; one that stands elsewhere is asked where. */
  #stale(error) {
    if (this.#cancelled) return false;
    if (error.status === 404 || error.status === 410) this.url = null;
    return error.status === 404 || error.status === 410 || error.code === "OFFSET";
  }

  async #create() {
    this.offset = 0;
    const { size } = this.#file;
    const given = Object.entries(this.#metadata).map(([name, value]) => `${name} ${base64(value)}`);
    const headers = { "Upload-Length": size, "Upload-Metadata": given.join(",") };
    const whole = size > 0 && size <= SMALL;
    const answer = whole
      ? await this.#exchange("POST", "/uploads", { ...headers, ...OCTETS }, this.#file)
      : await this.#exchange("POST", "/uploads", headers);
    this.url = new URL(answer.getResponseHeader("Location"), location.href).pathname;
    this.#reached(answer);
    return answer;
  }

  async #send() {
    for (;;) {
      const from = this.offset;
      const chunk = this.#file.slice(from, from + CHUNK);
      const answer = await this.#exchange("PATCH", this.url, { "Upload-Offset": from, ...OCTETS }, chunk);
      this.#reached(answer);
      if (this.offset >= this.#file.size) return digestOf(answer);
    }
  }

  #reached(answer) {
    this.offset = Number(answer.getResponseHeader("Upload-Offset"));
    this.#changed({ state: "going", offset: this.offset });
  }

  /** A browser that cannot read a file any more says only that the request failed. */
  async #checkFile() {
    try {
      await this.#file.slice(this.offset, this.offset + 1).arrayBuffer();
    } catch {
      throw new UploadError("The file has changed since it was chosen, or is gone. Choose it again");
    }
  }

  /** One request. XMLHttpRequest, because fetch tells nothing of how far a body has gone. */
  #exchange(method, url, headers = {}, body = null) {
    return new Promise((resolve, reject) => {
      if (this.#cancelled && method !== "DELETE") return reject(new UploadError("cancelled", { status: -1 }));
      const request = new XMLHttpRequest();
      request.open(method, url);
      const all = { "Tus-Resumable": "1.0.0", ...this.#headers(), ...headers };
      for (const [name, value] of Object.entries(all)) request.setRequestHeader(name, value);
      const from = this.offset;
      request.upload.onprogress = ({ loaded }) =>
        body && this.#changed({ state: "going", offset: from + loaded });
      request.onload = () => (request.status < 300 ? resolve(request) : reject(refusal(request)));
      request.onerror = () => reject(new UploadError("no answer"));
      request.onabort = () => reject(new UploadError("cancelled", { status: -1 }));
      this.#request = request;
      request.send(body);
    });
  }

  async #pause(milliseconds, { status, message }) {
    const why = status === 0 ? "no connection" : message;
    this.#changed({ state: "waiting", offset: this.offset, why });
    await new Promise((resolve) => {
      this.#wake = resolve;
      setTimeout(resolve, milliseconds);
    });
  }
}

/** What a refused request says: our errors are JSON. */
function refusal(request) {
  try {
    const { code, message } = JSON.parse(request.responseText).error;
    return new UploadError(message, { code, status: request.status });
  } catch {
    return new UploadError(`the server answered ${request.status}`, { status: request.status });
  }
}

function digestOf(answer) {
  return answer.getResponseHeader("Portico-SHA256");
}

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
