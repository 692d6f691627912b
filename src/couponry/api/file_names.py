"""What files of a promotion are called when somebody keeps them: after the promotion and the day."""

import unicodedata
from datetime import date
from urllib.parse import quote

MAX_CHARACTERS = 50
"""How much of a promotion's name stands in the name of a file."""


def disposition(promotion: str | None, day: date, what: str) -> str:
    """Return the `Content-Disposition` of a CSV file: `attachment; filename="Summer-sale-2026-11-22-codes.csv"`.

    Nothing of a *promotion*'s name but letters and digits is told, so that it can neither say more in the header nor
    name another folder; what is no ASCII is told beside, as RFC 6266 has it.
    """
    name, plain = (
        f"{word or 'promotion'}-{day}-{what}.csv" for word in (_words(promotion or ""), _ascii(promotion or ""))
    )
    told = f'attachment; filename="{plain}"'
    return told if name == plain else f"{told}; filename*=UTF-8''{quote(name, safe='')}"


def _words(name: str) -> str:
    """Return *name* with all that is no letter, digit or accent as one hyphen."""
    kept = [one if unicodedata.category(one)[0] in "LMN" else " " for one in unicodedata.normalize("NFC", name)]
    return "-".join("".join(kept)[:MAX_CHARACTERS].split())


def _ascii(name: str) -> str:
    return _words(unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode())
