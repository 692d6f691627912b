// Follows something that changes on the server. How its news arrive is decided here and nowhere else.

const PATIENCE = 1500;
const AGAIN = 2000;

// Calls `told` with each state until one has `ended`, `away` with whether the server is out of reach, and `over` when
// the session has ended. What is followed has its events at `events` below its address, and its state at `state`.
export function watch(address, told, away, over) {
  let source = null;
  let ended = false;
  let missing = 0;

  function open() {
    if (ended || source || document.hidden) return;
    source = new EventSource(`${address}/events`);
    source.onopen = () => found(true);
    source.onmessage = (event) => {
      const state = JSON.parse(event.data);
      ended = state.ended;
      if (ended) close();
      told(state);
    };
    // A stream that broke off is begun again by itself, mostly before anybody would notice.
    source.onerror = () => {
      missing ||= setTimeout(() => away(true), PATIENCE);
      if (source.readyState === EventSource.CLOSED) ask();
    };
  }

  function close() {
    source?.close();
    source = null;
    found(true);
  }

  function found(there) {
    clearTimeout(missing);
    missing = 0;
    if (there) away(false);
  }

  // Finds out why there are no events to be had.
  async function ask() {
    source = null;
    let answer;
    try {
      answer = await fetch(`${address}/state`, { headers: { Accept: "application/json" } });
    } catch { /* asked again below */ }
    if (answer?.status === 404) return location.reload();
    if (answer?.status === 401) {
      ended = true;
      found(true);
      return over();
    }
    setTimeout(open, answer?.ok ? 0 : AGAIN);
  }

  // A browser has few connections to one server: pages that nobody sees leave theirs to others.
  document.addEventListener("visibilitychange", () => { if (document.hidden) close(); else open(); });
  open();
}
