"""One code, to be shown, printed and scanned."""

import io
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from uuid import UUID

import segno
from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from couponry.api.state import api_of
from couponry.api.wire import id_in_path
from couponry.console import limits
from couponry.console.pages import HEADERS, page
from couponry.console.people import names_of
from couponry.console.promotions import overview_of
from couponry.console.visits import context_of
from couponry.domain.code_errors import CodeNotFound
from couponry.domain.codes import PromotionCode
from couponry.services import codes, support

MAX_LINK = 1_000
CODE_IN_LINK = "{code}"
PIXELS = 12
"""How large a module is, enough for a poster."""

TYPES = {"svg": "image/svg+xml", "png": "image/png"}


@get("/promotions/{promotion_id:str}/codes/{code_id:str}")
async def show_code(
    request: Request[Any, Any, Any], promotion_id: FromPath[str], code_id: FromPath[str]
) -> Response[bytes]:
    """Show a code, its limits, its last uses, and its picture for scanners."""
    async with context_of(request) as context:
        shown = await overview_of(context, promotion_id)
        code = await codes.get_code(context, shown.promotion.id, id_in_path(code_id, CodeNotFound))
        names = await names_of(context, code.created_by)
        uses = await support.uses_of(context, api_of(request).keys.shoppers, shown.promotion.id, code)
    link = _link(request)
    says = _text(code, link)
    return page(
        request,
        "code.html",
        **shown._asdict(),
        code=code,
        names=names,
        limits=limits.told(code),
        uses=uses,
        link=link,
        says=says,
        fits=_made(says) is not None,
        query=f"?{urlencode({'link': link})}" if link else "",
    )


@get("/promotions/{promotion_id:str}/codes/{code_id:str}/{name:str}")
async def picture(
    request: Request[Any, Any, Any], promotion_id: FromPath[str], code_id: FromPath[str], name: FromPath[str]
) -> Response[bytes]:
    """Answer the picture of a code: `qr.svg` or `qr.png`."""
    stem, _, kind = name.partition(".")
    if stem != "qr" or kind not in TYPES:
        raise NotFoundException
    async with context_of(request) as context:
        shown = await overview_of(context, promotion_id)
        code = await codes.get_code(context, shown.promotion.id, id_in_path(code_id, CodeNotFound))
    headers = HEADERS | {"content-disposition": f'inline; filename="{_file_name(code.id)}.{kind}"'}
    drawn = picture_of(_text(code, _link(request)), kind)
    if drawn is None:
        raise NotFoundException
    return Response(drawn, media_type=TYPES[kind], headers=headers)


def picture_of(text: str, kind: str) -> bytes | None:
    """Return *text* as a QR code, which stays readable when a seventh of it is covered; None where it has no room."""
    made, drawn = _made(text), io.BytesIO()
    if made is None:
        return None
    made.save(drawn, kind=kind, scale=PIXELS, border=4, light="white")
    return drawn.getvalue()


def _made(text: str) -> segno.QRCode | None:
    try:
        return segno.make_qr(text, error="m")
    except segno.DataOverflowError:
        return None


def _link(request: Request[Any, Any, Any]) -> str:
    """Return the address that the picture leads to, `{code}` standing for the code; empty for none."""
    link = request.query_params.get("link", "").strip()[:MAX_LINK]
    try:
        parts = urlsplit(link)
    except ValueError:
        return ""
    return link if parts.scheme in ("http", "https") and parts.netloc and CODE_IN_LINK in link else ""


def _text(code: PromotionCode, link: str) -> str:
    return link.replace(CODE_IN_LINK, quote(code.code, safe="")) if link else code.code


def _file_name(code_id: UUID) -> str:
    """Return a name that no code can choose."""
    return f"code-{code_id}"


handlers = [show_code, picture]
