"""Pages: templates, what all of them show, and the headers that keep foreign code out."""

from functools import cache
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Request, Response
from litestar.datastructures import Cookie
from markupsafe import Markup

from couponry.console import formats, writing
from couponry.console.visits import form_token, session_in

HOME = "/console"

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self';"
        " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    # Forms need an origin to be told from foreign ones, which `no-referrer` would hide.
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}

IN_PATHS = "/?#[]@!$&'()*+,;=:%~"
"""What stands in a path and its query as it is: headers hold nothing but ASCII."""

SAID_COOKIE = "couponry_said"
THEME_COOKIE = "couponry_theme"

SAID = {
    "created": "The promotion is created.",
    "saved": "Your changes are saved.",
    "duplicated": "This is the copy. It is disabled until you enable it.",
    "enabled": "The promotion is enabled.",
    "disabled": "The promotion is disabled.",
    "deleted": "The promotion is deleted.",
    "codes-added": "The codes are added.",
    "code-deleted": "The code is deleted.",
    "redeemed": "The cart is redeemed: its uses are taken.",
    "confirmed": "The redemption is confirmed: its uses are taken.",
    "released": "The uses are given back.",
    "job-started": "The job is under way.",
    "job-cancelled": "The job is being cancelled.",
    "client-revoked": "The client is revoked.",
}
"""What a page says about what was done just before; cookies carry the word, so that no link can put words here."""


class Place(NamedTuple):
    """An entry of the navigation."""

    title: str
    path: str
    icon: str


NAVIGATION = (
    Place("Dashboard", f"{HOME}/dashboard", "chart"),
    Place("Promotions", f"{HOME}/promotions", "ticket"),
    Place("Usages", f"{HOME}/usages", "ledger"),
    Place("Support", f"{HOME}/support", "help"),
    Place("Access", f"{HOME}/access", "key"),
    Place("Audit log", f"{HOME}/audit", "log"),
)
"""The rooms of the console, in their order; a new one is one more line."""


def page(request: Request[Any, Any, Any], template: str, http_status: int = 200, /, **shown: object) -> Response[bytes]:
    """Answer *template* with what is *shown* on it."""
    session = session_in(request)
    said = SAID.get(request.cookies.get(SAID_COOKIE, ""))
    theme = request.cookies.get(THEME_COOKIE, "")
    content = (
        _environment()
        .get_template(template)
        .render(
            shown,
            session=session,
            navigation=NAVIGATION,
            here=request.url.path,
            form_token=form_token(request),
            said=said,
            theme=theme if theme in ("light", "dark") else "auto",
        )
    )
    response = Response(content.encode(), status_code=http_status, media_type="text/html", headers=HEADERS)
    if said is not None:
        response.delete_cookie(SAID_COOKIE, path=HOME)
    return response


def fragment(template: str, **shown: object) -> str:
    """Return a part of a page, as a module puts it in the place of an older one."""
    return _environment().get_template(template).render(shown)


def go(path: str, said: str | None = None) -> Response[bytes]:
    """Lead on to the page at *path*, which says that something was done: one of `SAID`."""
    response = Response(b"", status_code=303, headers=HEADERS | {"location": quote(path, safe=IN_PATHS)})
    if said is not None:
        assert said in SAID
        response.set_cookie(Cookie(SAID_COOKIE, path=HOME, value=said, max_age=30, httponly=True, samesite="strict"))
    return response


def json_page(document: object, status: int = 200) -> Response[bytes]:
    """Answer a module of ours with *document*."""
    return Response(msgspec.json.encode(document), status_code=status, media_type="application/json", headers=HEADERS)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("couponry.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(formats.FILTERS)
    environment.filters["data"] = _data
    environment.filters["money"] = writing.money
    environment.tests["set"] = lambda value: value is not msgspec.UNSET  # pyright: ignore[reportUnknownLambdaType]
    environment.globals["home"] = HOME  # pyright: ignore[reportArgumentType]
    return environment


def _data(document: object) -> Markup:
    """Return *document* as JSON that can stand in a `script` of type `application/json`, whatever it says."""
    text = msgspec.json.encode(document).decode()
    for mark in "<>&":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return Markup(text)  # noqa: S704 # what could end the element is escaped above
