// Follows something that changes on the server. How its news arrive is decided here and nowhere else.

const EVERY = 500;
const AGAIN = 2000;

// Calls `told` with each state until one has `ended`; and `away` with whether the server is out of reach.
export function watch(address, told, away) {
  const ask = async () => {
    let state;
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (answer.status === 401 || answer.status === 404) return location.reload();
      if (!answer.ok) throw new Error(answer.statusText);
      state = await answer.json();
    } catch {
      away(true);
      return setTimeout(ask, AGAIN);
    }
    away(false);
    told(state);
    return state.ended ? undefined : setTimeout(ask, EVERY);
  };
  ask();
}
