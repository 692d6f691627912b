// Says what an amount of minor units comes to while it is typed; `amounts.py` says the same on pages.

const TOLD = 5;

function slashed(currencies) {
  return [...currencies.slice(0, TOLD), ...(currencies.length > TOLD ? ["…"] : [])].join("/");
}

export class Amounts {
  constructor({ decimals, usual }) {
    Object.assign(this, { decimals, usual });
  }

  places(currency) {
    return this.decimals[currency] ?? this.usual;
  }

  written(amount, places) {
    // An amount that is compared may have fractions of a minor unit.
    const shown = { minimumFractionDigits: places, maximumFractionDigits: Number.isInteger(amount) ? places : 20 };
    return (amount / 10 ** places).toLocaleString("en-US", shown);
  }

  // What to type instead of a text with cents: of `12.50` that is `1250`, in whichever currency has cents.
  instead(text, currencies) {
    const places = new Set(currencies.length ? currencies.map((currency) => this.places(currency)) : [this.usual]);
    const [, whole, cents] = /^\s*(\d+)[.,](\d+)\s*$/.exec(text) ?? [];
    const [only] = places;
    if (whole === undefined || places.size > 1 || cents.length > only) return "";
    return `Minor units: ${BigInt(whole + cents.padEnd(only, "0"))} for ${text.trim()}`;
  }

  // Of the currencies that are named, or of whichever a cart has: `0.40 EUR`, `40 JPY or 0.40 USD`.
  told(amount, currencies) {
    const groups = Map.groupBy(currencies, (currency) => this.places(currency));
    if (groups.size === 0) return `${this.written(amount, this.usual)} in a currency with cents`;
    return [...groups].map(([places, of]) => `${this.written(amount, places)} ${slashed(of)}`).join(" or ");
  }
}
