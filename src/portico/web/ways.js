// The command lines by which others get here without a browser, as this page's own address has it.

const secure = location.protocol === "https:";
const locked = document.body.dataset.locked === "yes";
const port = location.port || (secure ? "443" : "80");
const at = `${location.hostname}:${port}`;

/** From any terminal. */
export const terminal = secure
  ? `openssl s_client -quiet -connect ${at}`
  : `nc ${location.hostname.replace(/[[\]]/g, "")} ${port}`;

/** With a prompt. */
export const prompt = `portico connect -s ${secure ? "tls://" : ""}${at}`;

/** To put a file. */
export const put = `curl ${locked ? "-H 'Authorization: Bearer TOKEN' " : ""}-T FILE ${location.origin}/files/`;

/** What somebody needs besides; null for nothing. */
export const besides = locked
  ? "This room wants a token of everybody. Whoever runs it makes a link that has one: portico invite."
  : null;
