"""The codes of a promotion: looking for them, adding and deleting them."""

from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from couponry.api.codes import MAX_CODES, NewCodesDocument
from couponry.api.documents import decode
from couponry.api.wire import id_in_path
from couponry.console import limits
from couponry.console.formats import number as written
from couponry.console.formats import plural
from couponry.console.pages import go, page
from couponry.console.paging import PAGE, Pages, page_asked
from couponry.console.promotion_forms import FORMABLE
from couponry.console.promotions import MAX_SEARCH, overview_of, path_of
from couponry.console.visits import Form, context_of, form_of
from couponry.console.wording import plain
from couponry.domain.code_errors import DuplicateCode
from couponry.domain.codes import PromotionCode, code_key
from couponry.domain.errors import InvalidDocument, Refusal
from couponry.domain.listing import EVERYTHING, Comparison, Operator
from couponry.domain.promotion_errors import PromotionNotFound
from couponry.domain.validity import outside
from couponry.services import codes
from couponry.services.context import Context

MAX_TOLD = 10
"""How many faults of a list of codes are told at once."""

MOST_COUNTED = 1000
"""Where counting the codes that begin alike stops."""

MAX_LIST = 4 * 1024 * 1024
"""How many bytes a form with codes has at most: room for all that may be added at once."""


class Found(NamedTuple):
    """Codes on a page, and the way to more of them."""

    rows: list[PromotionCode]
    pages: Pages | None = None
    more: str | None = None
    told: str = ""
    """How many were found."""


@get("/promotions/{promotion_id:str}/codes")
async def list_codes(request: Request[Any, Any, Any], promotion_id: FromPath[str]) -> Response[bytes]:
    """Show the codes of a promotion, or those that begin as what is looked for."""
    return await _codes_page(request, promotion_id)


async def _codes_page(
    request: Request[Any, Any, Any],
    promotion_id: str,
    status: int = 200,
    form: Form | None = None,
    faults: list[str] | None = None,
) -> Response[bytes]:
    search = request.query_params.get("q", "").replace("\0", "").strip()[:MAX_SEARCH]
    async with context_of(request) as context:
        shown = await overview_of(context, promotion_id)
        path = f"{shown.path}/codes"
        found = await (_searched if search else _paged)(request, context, shown.promotion.id, path, search)
    return page(
        request,
        "codes.html",
        status,
        **shown._asdict(),
        rows=[(code, limits.told(code)) for code in found.rows],
        pages=found.pages,
        more=found.more,
        found=found.told,
        search=search,
        form=form or {},
        faults=faults or [],
        max_codes=MAX_CODES,
    )


async def _paged(
    request: Request[Any, Any, Any],
    context: Context,
    promotion_id: UUID,
    path: str,
    _: str,
) -> Found:
    asked = page_asked(request)
    listed = await codes.list_codes(context, promotion_id, EVERYTHING, None, asked)
    return Found(listed.rows, Pages(asked, listed.total, path, {}, listed.exact))


async def _searched(
    request: Request[Any, Any, Any],
    context: Context,
    promotion_id: UUID,
    path: str,
    search: str,
) -> Found:
    """Find codes that begin as *search*: the one that is just that first, the others in their order after it."""
    after = request.query_params.get("after", "").replace("\0", "")
    rows: list[PromotionCode] = []
    if not after:
        rows = (await codes.list_codes(context, promotion_id, _is("eq", search), None, PAGE)).rows
    listed = await codes.list_codes(context, promotion_id, _is("gt", after or search), "code", PAGE)
    beginning = [code for code in listed.rows if code_key(code.code).startswith(code_key(search))]
    more = None
    if beginning and len(beginning) == PAGE.limit:
        more = f"{path}?{urlencode({'q': search, 'after': beginning[-1].code})}"
    count = await codes.count_beginning(context, promotion_id, search, MOST_COUNTED + 1)
    found = f"{written(MOST_COUNTED)}+ codes" if count > MOST_COUNTED else plural(count, "code")
    return Found([*rows, *beginning], more=more, told=f"{found} found")


def _is(operator: Operator, code: str) -> Comparison:
    return Comparison(operator, "code", (code,))


@post("/promotions/{promotion_id:str}/codes", status_code=303, request_max_body_size=MAX_LIST)
async def add_codes(request: Request[Any, Any, Any], promotion_id: FromPath[str]) -> Response[bytes]:
    """Add the codes that a form names, one a line, all with the same limits; all or none."""
    form = await form_of(request)
    lines = [(number, line.strip()) for number, line in enumerate(form.get("codes", "").split("\n"), 1) if line.strip()]
    names = [name for _, name in lines]
    shared = limits.said(form, "uses") | ({"user": form["user"].strip()} if form.get("user", "").strip() else {})
    id_ = id_in_path(promotion_id, PromotionNotFound)
    try:
        if len(names) > MAX_CODES:  # before millions of documents are made of them
            raise InvalidDocument(outside("maxItems", MAX_CODES, "data.codes"))
        document = {"type": "promotion_codes", "codes": [{"code": name, **shared} for name in names]}
        new = decode(msgspec.json.encode({"data": document}), NewCodesDocument).data.codes
        async with context_of(request) as context:
            await codes.create_codes(context, id_, new)
    except Refusal as refusal:
        if refusal.category not in FORMABLE:
            raise
        told = await _duplicates(request, id_, lines) if isinstance(refusal, DuplicateCode) else []
        return await _codes_page(request, promotion_id, 422, form, told or _faults(refusal, names))
    return go(f"{path_of(id_)}/codes", "codes-added")


async def _duplicates(request: Request[Any, Any, Any], promotion_id: UUID, lines: list[tuple[int, str]]) -> list[str]:
    """Tell which of the codes, each with its line, stand twice or are in use; empty where none is any more."""
    async with context_of(request) as context:
        taken = await codes.taken_of(context, promotion_id, [name for _, name in lines])
    told: list[str] = []
    for one in taken[:MAX_TOLD]:
        number, name = lines[one.place]
        where = "this promotion has it already" if one.before is None else f"line {lines[one.before][0]} has it already"
        told.append(f"Line {number}, “{name[:40]}”: {where}.")
    more = len(taken) - len(told)
    return [*told, f"And {plural(more, 'more line')}."] if more else told


def _faults(refusal: Refusal, names: list[str]) -> list[str]:
    if not isinstance(refusal, InvalidDocument):
        return [refusal.detail or refusal.title]
    told: dict[str, None] = {}
    for fault in refusal.faults:
        _, _, index, *member = [*fault.source.split("."), "", ""]
        if "code" in member[:1] and index.isdigit():
            told[f"“{names[int(index)][:40]}”: {plain(fault)}"] = None
        else:
            told[" ".join([part.replace("_", " ") for part in member if part] + [plain(fault)])] = None
    return list(told)[:MAX_TOLD]


@post("/promotions/{promotion_id:str}/codes/delete", status_code=303)
async def delete_code(request: Request[Any, Any, Any], promotion_id: FromPath[str]) -> Response[bytes]:
    """Delete the code whose id a form says."""
    form = await form_of(request)
    async with context_of(request) as context:
        shown = await overview_of(context, promotion_id)
        await codes.delete_code(context, shown.promotion.id, form.get("code_id", ""))
    return go(f"{shown.path}/codes", "code-deleted")


handlers = [list_codes, add_codes, delete_code]
