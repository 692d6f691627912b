"""The list of promotions, one promotion, and what can be done with it in one step."""

from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from couponry.api.documents import amend_promotion, attributes, promotion_document
from couponry.api.wire import id_in_path
from couponry.console import charts
from couponry.console.pages import HOME, go, page
from couponry.console.paging import PAGE, Pages, page_asked
from couponry.console.people import names_of
from couponry.console.sentences import sentence
from couponry.console.visits import context_of, form_of
from couponry.domain.codes import code_key, spelling_faults
from couponry.domain.listing import All, Comparison, Filter
from couponry.domain.promotion_errors import PromotionNotFound
from couponry.domain.promotions import MAX_NAME, Promotion, PromotionStatus
from couponry.services import overview, promotions
from couponry.services.context import Context
from couponry.services.overview import NOTHING, Figures

LIST = f"{HOME}/promotions"
MAX_SEARCH = 200


class Row(NamedTuple):
    """A promotion in the list."""

    promotion: Promotion
    status: PromotionStatus
    figures: Figures
    sentence: str
    spark: str


@get("/promotions")
async def list_promotions(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Show the promotions, newest first."""
    asked, search = page_asked(request), request.query_params.get("q", "").strip()[:MAX_SEARCH].replace("\0", "")
    status = request.query_params.get("status", "")
    async with context_of(request) as context:
        wanted = _wanted(context, search, status)
        listed = await promotions.list_promotions(context, wanted, asked)
        rows = await _rows(context, listed.rows)
        behind = await _behind_code(context, search)
    pages = Pages(asked, listed.total, LIST, {"q": search, "status": status})
    return page(
        request,
        "promotions.html",
        rows=rows,
        behind=behind,
        search=search,
        status=status,
        statuses=list(PromotionStatus),
        pages=pages,
        chart=charts,
    )


def _wanted(context: Context, search: str, status: str) -> Filter:
    """Return the filter of the list: part of a name, and a status."""
    now = context.now.isoformat()
    by_status: dict[str, tuple[Comparison, ...]] = {
        PromotionStatus.DISABLED: (_is("enabled", "false"),),
        PromotionStatus.SCHEDULED: (_is("enabled", "true"), Comparison("gt", "start", (now,))),
        PromotionStatus.RUNNING: (
            _is("enabled", "true"),
            Comparison("le", "start", (now,)),
            Comparison("gt", "end", (now,)),
        ),
        PromotionStatus.ENDED: (_is("enabled", "true"), Comparison("le", "end", (now,))),
    }
    named = (Comparison("ilike", "name", (f"*{search}*",)),) if search else ()
    return All((*named, *by_status.get(status, ())))


def _is(attribute: str, value: str) -> Comparison:
    return Comparison("eq", attribute, (value,))


async def _rows(context: Context, found: list[Promotion]) -> list[Row]:
    figures = await overview.figures_of(context, [promotion.id for promotion in found])
    return [_row(context, promotion, figures.get(promotion.id, NOTHING)) for promotion in found]


def _row(context: Context, promotion: Promotion, figures: Figures) -> Row:
    status = promotion.status(context.now)
    return Row(promotion, status, figures, sentence(promotion.rule_set), charts.spark(figures.daily))


async def _behind_code(context: Context, search: str) -> list[Promotion]:
    """Return promotions that have *search* as a code: people look for those as well."""
    if not search or any(spelling_faults([search], "")):
        return []
    return (await promotions.list_promotions(context, _is("code", code_key(search)), PAGE)).rows


class Overview(NamedTuple):
    """What every page about one promotion shows."""

    promotion: Promotion
    status: PromotionStatus
    path: str


async def overview_of(context: Context, promotion_id: str) -> Overview:
    """Return what every page about the promotion that a path names shows."""
    promotion = await promotions.get_promotion(context, id_in_path(promotion_id, PromotionNotFound))
    return Overview(promotion, promotion.status(context.now), path_of(promotion.id))


def path_of(promotion_id: UUID) -> str:
    """Return where the page of a promotion is."""
    return f"{LIST}/{promotion_id}"


@get("/promotions/{promotion_id:str}")
async def show_promotion(request: Request[Any, Any, Any], promotion_id: FromPath[str]) -> Response[bytes]:
    """Show a promotion."""
    async with context_of(request) as context:
        shown = await overview_of(context, promotion_id)
        figures = (await overview.figures_of(context, [shown.promotion.id])).get(shown.promotion.id, NOTHING)
        names = await names_of(context, shown.promotion.updated_by)
    said = promotion_document(shown.promotion)
    return page(
        request,
        "promotion.html",
        **shown._asdict(),
        figures=figures,
        names=names,
        first_day=overview.first_day(context.now),
        sentence=sentence(shown.promotion.rule_set),
        rule_set=msgspec.json.format(msgspec.json.encode(said["rule_set"]), indent=2).decode(),
        custom_fields=shown.promotion.custom_fields,
        bars=charts.bars(figures.daily, 600, 90),
    )


@post("/promotions/{promotion_id:str}/enable", status_code=303)
async def enable(request: Request[Any, Any, Any], promotion_id: FromPath[str]) -> Response[bytes]:
    """Let a promotion take part."""
    return await _switch(request, promotion_id, enabled=True)


@post("/promotions/{promotion_id:str}/disable", status_code=303)
async def disable(request: Request[Any, Any, Any], promotion_id: FromPath[str]) -> Response[bytes]:
    """Let a promotion take no part."""
    return await _switch(request, promotion_id, enabled=False)


async def _switch(request: Request[Any, Any, Any], promotion_id: str, *, enabled: bool) -> Response[bytes]:
    await form_of(request)
    id_ = id_in_path(promotion_id, PromotionNotFound)
    amend = amend_promotion(msgspec.json.encode({"data": {"type": "rule_promotion", "enabled": enabled}}))
    async with context_of(request) as context:
        await promotions.update_promotion(context, id_, amend)
    return go(path_of(id_), "enabled" if enabled else "disabled")


@post("/promotions/{promotion_id:str}/duplicate", status_code=303)
async def duplicate(request: Request[Any, Any, Any], promotion_id: FromPath[str]) -> Response[bytes]:
    """Make a copy of a promotion, disabled and without its codes, and lead to it."""
    await form_of(request)
    async with context_of(request) as context:
        original = (await overview_of(context, promotion_id)).promotion
        # Disabled, it cannot be in the way of the original: not even with the same priority.
        copy = msgspec.structs.replace(attributes(original), name=f"Copy of {original.name}"[:MAX_NAME], enabled=False)
        made = await promotions.create_promotion(context, copy)
    return go(path_of(made.id), "duplicated")


@get("/promotions/{promotion_id:str}/delete")
async def ask_to_delete(request: Request[Any, Any, Any], promotion_id: FromPath[str]) -> Response[bytes]:
    """Say what is lost with a promotion, and ask."""
    async with context_of(request) as context:
        shown = await overview_of(context, promotion_id)
        figures = (await overview.figures_of(context, [shown.promotion.id])).get(shown.promotion.id, NOTHING)
    return page(request, "delete.html", **shown._asdict(), figures=figures)


@post("/promotions/{promotion_id:str}/delete", status_code=303)
async def delete(request: Request[Any, Any, Any], promotion_id: FromPath[str]) -> Response[bytes]:
    """Delete a promotion and its codes, for good."""
    await form_of(request)
    async with context_of(request) as context:
        await promotions.delete_promotion(context, id_in_path(promotion_id, PromotionNotFound))
    return go(LIST, "deleted")


handlers = [list_promotions, show_promotion, enable, disable, duplicate, ask_to_delete, delete]
