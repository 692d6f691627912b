"""Write the promotions of an Elastic Path store, and their codes with what is left of them, into a folder.

    EP_URL=https://... EP_CLIENT_ID=... EP_CLIENT_SECRET=... python3 docs/from_elastic_path.py exported

Each promotion gets a folder with `promotion.json`, which `couponry promotions create -f` takes, and, unless it is
automatic, `codes.csv`, which `couponry codes import` takes. Nothing is changed at Elastic Path. Needs Python alone.
"""

import csv
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

PAGE = 100
TRIES = 10
PAUSE_SECONDS = 2
ONLY_THERE = ("id", "store_id", "created_by", "updated_by", "meta", "links")
"""What a server knows of a promotion, and another one finds out by itself."""
COLUMNS = ("code", "uses", "user", "consume_unit", "max_uses_per_shopper", "includes_guests", "is_for_new_shopper")


class Store:
    """Asks a store, as one of its clients."""

    def __init__(self, url: str, client_id: str, secret: str) -> None:
        self.url, self.client_id, self.secret = url.rstrip("/"), client_id, secret
        self.token = self._token()

    def _token(self) -> str:
        form = {"grant_type": "client_credentials", "client_id": self.client_id, "client_secret": self.secret}
        with urlopen(f"{self.url}/oauth/access_token", urlencode(form).encode()) as answer:  # noqa: S310
            return json.load(answer)["access_token"]

    def get(self, path: str) -> list[dict[str, Any]]:
        """Return what `data` of a list says; a token that is over is renewed, and a store that is busy waited for."""
        for _ in range(TRIES):
            request = Request(f"{self.url}{path}", headers={"Authorization": f"Bearer {self.token}"})  # noqa: S310
            try:
                with urlopen(request) as answer:  # noqa: S310
                    return json.load(answer)["data"] or []
            except HTTPError as error:
                if error.code == 401:
                    self.token = self._token()
                elif error.code in (429, 502, 503):
                    time.sleep(PAUSE_SECONDS)
                else:
                    raise
        sys.exit(f"{self.url} does not answer {path}.")

    def promotions(self) -> Iterator[dict[str, Any]]:
        """Yield every promotion."""
        for offset in range(0, 10_001, PAGE):
            found = self.get(f"/v2/rule-promotions?page[limit]={PAGE}&page[offset]={offset}")
            yield from found
            if len(found) < PAGE:
                return

    def codes(self, promotion_id: str) -> Iterator[dict[str, Any]]:
        """Yield every code of a promotion: each page begins after the last code seen, so any number can be read."""
        after = ""
        while True:
            wanted = "&filter=" + quote(f"gt(code,{json.dumps(after)})") if after else ""
            path = f"/v2/rule-promotions/{promotion_id}/codes?sort=code&page[limit]={PAGE}{wanted}"
            found = self.get(path)
            yield from found
            if len(found) < PAGE:
                return
            after = found[-1]["code"]


def row(code: dict[str, Any]) -> list[Any]:
    """Return a line of `codes.csv`: of uses, those that are left."""
    shopper = code.get("max_uses_per_shopper") or {}
    limited = code.get("max_uses") is not None
    cells = [
        code["code"],
        code.get("uses") if limited else None,
        code.get("user"),
        code.get("consume_unit"),
        shopper.get("max_uses"),
        shopper.get("includes_guests"),
        code.get("is_for_new_shopper"),
    ]
    return [str(cell).lower() if isinstance(cell, bool) else cell for cell in cells]


def main(folder: Path) -> None:
    """Write everything into *folder*."""
    store = Store(os.environ["EP_URL"], os.environ["EP_CLIENT_ID"], os.environ["EP_CLIENT_SECRET"])
    for promotion in store.promotions():
        here = folder / promotion["id"]
        here.mkdir(parents=True, exist_ok=True)
        said = {name: value for name, value in promotion.items() if name not in ONLY_THERE}
        (here / "promotion.json").write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n")
        count = 0
        if not promotion.get("automatic"):
            with (here / "codes.csv").open("w", newline="", encoding="utf-8") as file:
                lines = csv.writer(file)
                lines.writerow(COLUMNS)
                for count, code in enumerate(store.codes(promotion["id"]), 1):  # noqa: B007 # told below
                    lines.writerow(row(code))
        sys.stdout.write(f"{promotion['name']}: {count} codes\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
