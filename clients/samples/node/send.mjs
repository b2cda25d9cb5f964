// What the samples share: settings, and a request that survives a short failure of the network or the server.

const TIMEOUT = 30_000; // milliseconds until an answer begins; a large archive may then take minutes
const WAITS = [1_000, 2_000, 4_000]; // milliseconds before the second, third and fourth try
const TEMPORARY = [429, 500, 502, 503, 504];

/**
 * Send a request and return the status and the body of its answer. A time-out, a network error and a status of
 * `retryOn` are followed by up to three more tries, after as long as Retry-After says (a minute at most). Use them only
 * where another try does no harm.
 */
export async function send(url, options = {}, retryOn = TEMPORARY) {
  for (let attempt = 0; ; attempt++) {
    const last = attempt === WAITS.length || retryOn.length === 0;
    let wait = WAITS[attempt];
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(new Error("time-out")), TIMEOUT);
    try {
      const answer = await fetch(url, { redirect: "manual", signal: abort.signal, ...options });
      clearTimeout(timer);
      if (last || !retryOn.includes(answer.status)) {
        return { status: answer.status, body: new Uint8Array(await answer.arrayBuffer()) };
      }
      const asked = Number.parseInt(answer.headers.get("Retry-After"), 10);
      if (asked >= 0) wait = Math.min(asked, 60) * 1_000;
    } catch (error) {
      if (last) stop(`the server did not answer: ${error.cause?.code ?? error.cause?.message ?? error.message}`);
    } finally {
      clearTimeout(timer);
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

/** Return a one-time code without the spaces, dashes and invisible characters of a paste. Look-alikes stay. */
export function codeOf(text) {
  return text.normalize("NFKC").replace(/[\p{Z}\p{Cc}\p{Cf}\p{Pd}\u2212]/gu, "");
}

/** Return an environment variable, or stop. */
export function setting(name) {
  return process.env[name] || stop(`${name} is not set`);
}

/** End the program with a sentence on standard error. */
export function stop(reason) {
  console.error(reason);
  process.exit(1);
}
