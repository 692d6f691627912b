"""A person at a browser without modules: keeps cookies, and fills in forms as they stand on the pages."""

import os
import re
from html import unescape
from ipaddress import IPv4Address

import httpx

from support import Shop


class Visitor:
    """Visits the console of a shop."""

    def __init__(self, shop: Shop) -> None:
        base = str(shop.http.base_url).rstrip("/")
        self.shop, self.origin = shop, base
        # From an address of its own, so that tests at the same time do not slow each other's tries.
        self.address = str(IPv4Address(0x0A000000 | int.from_bytes(os.urandom(3))))
        self.http = httpx.Client(base_url=base, timeout=60, verify=False)

    @property
    def headers(self) -> dict[str, str]:
        return {"X-Forwarded-For": self.address}

    def close(self) -> None:
        self.http.close()

    def get(self, path: str) -> httpx.Response:
        return self.http.get("/console" + path, headers=self.headers)

    def shown(self, path: str) -> str:
        """Return a page that is there."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def token(self, path: str = "/promotions") -> str:
        """Return what the forms of a page say."""
        found = re.search(r'name="form_token" value="([^"]+)"', self.shown(path))
        assert found is not None
        return unescape(found[1])

    def post(self, path: str, origin: str | None = "", form_token: str | None = "", **fields: str) -> httpx.Response:
        """Send a form from one of our own pages; the token and the origin can be others, or missing (None)."""
        said = self.token() if form_token == "" else form_token
        headers = self.headers if origin is None else self.headers | {"Origin": origin or self.origin}
        data = fields if said is None else fields | {"form_token": said}
        return self.http.post("/console" + path, data=data, headers=headers)

    def sign_in(self, secret: str | None = None, client_id: str | None = None, **options: str) -> httpx.Response:
        return self.post(
            "/sign-in",
            form_token=self.token("/sign-in"),
            client_id=client_id or self.shop.client_id,
            client_secret=secret or self.shop.client_secret,
            **options,
        )
