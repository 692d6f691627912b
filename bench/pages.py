"""The pages of the console, against ten of the API calls that tell the same: with 5,000,000 codes stored."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from html import unescape
from typing import Any, NamedTuple

import httpx

from bench.report import Row
from bench.rig import Rig, rounds
from bench.stock import five_million_codes
from couponry.console.pages import HOME
from couponry.web import create_app

TIMES = 15
CALLS = 10

NO_PAGES = re.compile(
    r"|/|/sign-in|/static/.*|.*/codes/\{code_id\}/\{name\}|.*/(state|events|file)|.*\.(csv|json|png|svg)"
)
"""What a GET under the console may also answer: files, news, and what needs no session."""

CART = {
    "type": "evaluation",
    "currency": "USD",
    "items": [{"id": "1", "quantity": 1, "unit_price": 2000}],
    "explain": True,
}


class Call(NamedTuple):
    """A call of the API, its path below `/v2`."""

    method: str
    path: str
    body: object = None


LIST = Call("GET", "/rule-promotions")
CALLS_OF: dict[str, Call] = {
    "/promotions/{promotion_id}": Call("GET", "/rule-promotions/{promotion_id}"),
    "/promotions/{promotion_id}/codes": Call("GET", "/rule-promotions/{promotion_id}/codes"),
    "/promotions/{promotion_id}/codes?q={code}": Call(
        "GET", "/rule-promotions/{promotion_id}/codes?filter=eq(code,{code})"
    ),
    "/promotions/{promotion_id}/codes?q={beginning}": Call(
        "GET", "/rule-promotions/{promotion_id}/codes?filter=gt(code,{beginning})&sort=code"
    ),
    "/promotions/{promotion_id}/codes/{code_id}": Call(
        "GET", "/rule-promotions/{promotion_id}/codes?filter=eq(code,{code})"
    ),
    "/promotions/{promotion_id}/jobs": Call("GET", "/rule-promotions/{promotion_id}/jobs"),
    "/promotions/{promotion_id}/try": Call("POST", "/rule-promotions/evaluations", {"data": CART}),
}
"""Which call of the API tells what a page does. A page that is not named is held against the list of promotions."""


ABOUT = {
    "/access/revoke": "/access/revoke?client_id={client_id}",
    "/access/secret": "/access/secret?client_id={client_id}",
    "/support": "/support?code={code}",
}
"""Pages that are about something which their query names."""


def measured(here: Rig) -> Iterator[Row]:
    """Open every page of the console that there is, and look codes up on one of them."""
    names = _names(here)
    with closing(_signed_in(here)) as console:
        for page in _pages():
            path = HOME + page.format(**names)
            call = CALLS_OF.get(page, LIST)
            opened, asked = rounds(
                TIMES, _seconds(lambda path=path: console.get(path)), _seconds(_asking(here, call, names))
            )
            ratio = opened / (CALLS * asked)
            detail = f"{opened * 1000:.1f} ms against {CALLS} times {asked * 1000:.1f} ms"
            yield Row(f"open {page}", f"{ratio:.2f}", "<= 1.00", "", detail, ratio <= 1)


def _names(here: Rig) -> dict[str, str]:
    """Return what the paths of pages may name; a page about something else needs one of those here."""
    promotion = five_million_codes(here)
    here.upload(promotion, b"code\nnot here yet\n", dry_run="true")
    cart = {name: said for name, said in CART.items() if name != "explain"} | {"type": "redemption"}
    redemption = here.ok(here.http.post("/v2/rule-promotions/redemptions", json={"data": cart}))["data"]
    codes = here.ok(here.http.get(f"/v2/rule-promotions/{promotion}/codes", params={"page[limit]": 1}))["data"]
    jobs = here.ok(here.http.get(f"/v2/rule-promotions/{promotion}/jobs"))["data"]
    code = codes[0]["code"]
    return {
        "promotion_id": promotion,
        "code_id": codes[0]["id"],
        "code": code,
        "beginning": code[:2],
        "job_id": jobs[0]["id"],
        "redemption_id": redemption["id"],
        "client_id": here.client_id,
    }


def _pages() -> list[str]:
    """Return the paths of all pages, below the console, with the names of what they are about in braces."""
    found = {
        route.path_format.removeprefix(HOME)
        for route in create_app().routes
        if route.path.startswith(HOME) and "GET" in getattr(route, "methods", ())
    }
    return sorted({ABOUT.get(page, page) for page in found if not NO_PAGES.fullmatch(page)} | CALLS_OF.keys())


def _signed_in(here: Rig) -> httpx.Client:
    """Return a client with a session of the console."""
    console = httpx.Client(base_url=here.http.base_url, timeout=600)
    [token] = re.findall(r'name="form_token" value="([^"]+)"', console.get(f"{HOME}/sign-in").text)
    form = {"form_token": unescape(token), "client_id": here.client_id, "client_secret": here.client_secret}
    entered = console.post(f"{HOME}/sign-in", data=form, headers={"Origin": str(console.base_url).rstrip("/")})
    assert entered.status_code == 303, entered.text
    return console


def _asking(here: Rig, call: Call, names: dict[str, str]) -> Callable[[], httpx.Response]:
    options: dict[str, Any] = {} if call.body is None else {"json": call.body}
    path = "/v2" + call.path.format(**names)
    return lambda: here.http.request(call.method, path, **options)


def _seconds(ask: Callable[[], httpx.Response]) -> Callable[[], float]:
    def timed() -> float:
        begun = time.perf_counter()
        answer = ask()
        taken = time.perf_counter() - begun
        assert answer.status_code == 200, (answer.request.url, answer.status_code, answer.text[:500])
        return taken

    return timed
