"""What is asked for: twenty limited codes, and who wants which of them, for what, and what becomes of it.

A seed decides all of it; only how requests meet each other is left to chance.
"""

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any, NamedTuple

import msgspec

EACH_OF = 10
"""How many codes each of the two promotions has; two codes of different promotions can be used together."""

SCRAMBLE = 8
"""Uses of a code that is never used up for good: all come back, and are fought for until the end."""

EXPIRING = 1
"""Seconds that a hold lasts which is to expire."""

LASTING = 900
"""Seconds that a hold lasts which is moved before."""


class Code(NamedTuple):
    """A code and its limits."""

    name: str
    uses: int
    each: int | None
    """Uses of each shopper, if that is limited."""
    by_unit: bool
    """Whether each unit that is bought takes a use."""

    def wanted(self, quantity: int) -> int:
        """Return the uses that a cart of so many units asks for."""
        return quantity if self.by_unit else 1

    def written(self) -> dict[str, Any]:
        """Return what creates the code."""
        each = {} if self.each is None else {"max_uses_per_shopper": {"max_uses": self.each, "includes_guests": True}}
        unit = {"consume_unit": "per_application"} if self.by_unit else {}
        return {"code": self.name, "uses": self.uses, **each, **unit}


class Fate(Enum):
    """What becomes of a redemption: the state it is made in, how long it is held, and the moves that follow."""

    KEPT = ("confirmed", LASTING, ())
    CONFIRMED = ("held", LASTING, ("confirm",))
    RELEASED = ("held", LASTING, ("release",))
    FORGOTTEN = ("held", EXPIRING, ())
    LATE = ("held", EXPIRING, ("confirm",))
    LATE_REVERSED = ("held", EXPIRING, ("confirm", "release"))
    REVERSED = ("confirmed", LASTING, ("release",))
    CONFIRMED_REVERSED = ("held", LASTING, ("confirm", "release"))

    @property
    def late(self) -> bool:
        """Whether the first move comes when the hold expires."""
        return self.value[1] == EXPIRING


STAYING = {Fate.KEPT: 30, Fate.CONFIRMED: 25, Fate.RELEASED: 15, Fate.FORGOTTEN: 15, Fate.LATE: 10, Fate.REVERSED: 5}
"""How often what becomes of redemptions of most codes."""

RETURNING = {
    Fate.RELEASED: 30,
    Fate.FORGOTTEN: 25,
    Fate.REVERSED: 15,
    Fate.LATE_REVERSED: 15,
    Fate.CONFIRMED_REVERSED: 15,
}
"""The same where all uses are to come back."""


class Wish(msgspec.Struct, frozen=True):
    """Somebody's cart."""

    number: int
    codes: tuple[str, ...]
    """In the order in which they are entered."""
    shopper: str
    """The address that counts."""
    email: str
    """The same as it is written this time."""
    fate: Fate
    quantity: int = 1
    strict: bool = True

    def body(self) -> bytes:
        """Return the request that redeems it."""
        state, hold_seconds, _ = self.fate.value
        data = {
            "type": "redemption",
            "currency": "EUR",
            "items": [{"id": "line", "sku": "sock", "quantity": self.quantity, "unit_price": 1000}],
            "codes": self.codes,
            "shopper": {"email": self.email},
            "order_id": f"order-{self.number}",
            "state": state,
            "hold_seconds": hold_seconds,
            "strict": self.strict,
        }
        return msgspec.json.encode({"data": data})


class Plan(NamedTuple):
    """All that is asked for."""

    codes: dict[str, Code]
    """By name."""
    wishes: list[Wish]


def drawn(seed: int, redemptions: int) -> Plan:
    """Return the plan of *seed* for so many redemptions."""
    chance = random.Random(seed)
    wishes = [_wish(number, chance) for number in range(redemptions)]
    demand = Counter[str]()
    for wish in wishes:
        for code in wish.codes:
            demand[code.upper()] += _by_unit(code.upper()) * (wish.quantity - 1) + 1
    codes = [_code(name, demand[name]) for name in names()]
    return Plan({code.name: code for code in codes}, wishes)


def names() -> list[str]:
    """Return the names of the codes; the first letter tells the promotion."""
    return [f"{promotion}{number}" for promotion in "CI" for number in range(EACH_OF)]


def _code(name: str, demand: int) -> Code:
    """Four of ten codes are scrambled for, four run out on the way, and two have enough for everybody."""
    number = int(name[1:])
    uses = SCRAMBLE * (2 if _by_unit(name) else 1) if number < 4 else demand * 2 // 5 if number < 8 else demand
    return Code(name, max(uses, 1), {"C3": 1, "C7": 2, "C9": 2}.get(name), _by_unit(name))


def _by_unit(name: str) -> bool:
    return name in ("I2", "I6", "I9")


def _wish(number: int, chance: random.Random) -> Wish:
    cart, items = f"C{chance.randrange(EACH_OF)}", f"I{chance.randrange(EACH_OF)}"
    wanted = [cart, items] if chance.random() < 0.2 else [chance.choice([cart, items])]
    chance.shuffle(wanted)
    # Few shoppers at a time, so that one shopper's orders meet.
    shopper = f"shopper-{number // 400}-{chance.randrange(8)}@example.com"
    fates = RETURNING if any(int(name[1:]) < 4 for name in wanted) else STAYING
    return Wish(
        number,
        tuple(chance.choice([name, name.lower()]) for name in wanted),
        shopper,
        spelled(shopper, chance),
        chance.choices([*fates], [*fates.values()])[0],
        chance.choice([1, 1, 2, 3]),
        chance.random() < 0.6,
    )


def spelled(address: str, chance: random.Random) -> str:
    """Return an address as somebody may write it: capitals, and space around it."""
    letters = "".join(chance.choice([letter, letter.upper()]) for letter in address)
    return chance.choice(["", " ", "\t", "  "]) + letters + chance.choice(["", "", " ", "\n"])


def topping_up(code: Code, numbers: Iterable[int]) -> Iterator[Wish]:
    """Return wishes for what is left of a code, of shoppers that had nothing before."""
    for number in numbers:
        shopper = f"late-{number}@example.com"
        yield Wish(number, (code.name,), shopper, shopper, Fate.KEPT)
