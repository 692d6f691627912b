"""Creating and changing promotions with a form."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from couponry.api.documents import amend_promotion, decode_promotion, promotion_document
from couponry.api.wire import id_in_path
from couponry.console import formats
from couponry.console.limits import number
from couponry.console.pages import go, page
from couponry.console.places import place_of
from couponry.console.promotions import LIST, overview_of, path_of
from couponry.console.rules import AT, json_of, reading, relative
from couponry.console.visits import Form, context_of, form_of
from couponry.console.wording import plain
from couponry.domain.errors import Category, Fault, InvalidDocument, Refusal
from couponry.domain.promotion_errors import PromotionNotFound
from couponry.domain.promotions import MAX_DESCRIPTION, MAX_NAME, Promotion, PromotionAttributes
from couponry.services import promotions
from couponry.services.context import utc_now

SWITCHES = ("enabled", "automatic", "stackable", "override_stacking")
FORMABLE = (Category.INVALID_DOCUMENT, Category.UNPROCESSABLE, Category.BAD_REQUEST, Category.CONFLICT)
"""What people can put right in the form in which they said it."""

FIRST_RULES = {
    "rules": {"strategy": "cart_total", "operator": "gte", "args": [5000]},
    "actions": [{"strategy": "cart_discount", "args": ["percent", 10]}],
}
"""What a new promotion begins with: something that works, and shows what money looks like."""


class Changed(Refusal):
    """Somebody else changed the promotion since its form was opened."""

    category = Category.CONFLICT
    title = "Conflict"
    sentence = "Somebody else has changed this promotion meanwhile. Open it again to see how it is now."


class Filled(NamedTuple):
    """A form as it is shown: what stands in it, and what is wrong with that."""

    form: Form
    faults: tuple[Fault, ...] = ()
    refusal: str | None = None

    def of(self, member: str) -> list[str]:
        """Return what is wrong with one field."""
        return [plain(fault) for fault in self.faults if fault.source == f"data.{member}"]

    @property
    def rule_faults(self) -> list[Fault]:
        """What is wrong with the rule set, told from its root."""
        return [relative(fault) for fault in self.faults if fault.source.startswith(AT)]

    @property
    def rule_places(self) -> list[tuple[str, Fault]]:
        """What is wrong with the rule set, each with what its field is called in the builder."""
        said = _rule_set_in(self.form)
        return [(place_of(fault.source, said), fault) for fault in self.rule_faults]

    @property
    def told(self) -> list[str]:
        """All that is wrong, away from the fields: each with what its field is called."""
        named = [f"{member.capitalize()}: {told}" for member in FIELDS for told in self.of(member)]
        return [*named, *(f"{place}: {fault.detail}" for place, fault in self.rule_places), *self.others]

    @property
    def others(self) -> list[str]:
        """What is wrong with nothing that has a field of its own."""
        shown = {f"data.{member}" for member in FIELDS}
        return [f"{fault.source.removeprefix('data.')}: {plain(fault)}" for fault in self.faults
                if fault.source not in shown and not fault.source.startswith(AT)]  # fmt: skip


FIELDS = ("name", "description", "start", "end", "priority", *SWITCHES)


def _rule_set_in(form: Form) -> object:
    """Return what stands for a rule set in a form; None where that is no JSON."""
    try:
        return json_of(form.get("rule_set", ""))
    except InvalidDocument:
        return None


@get("/promotions/new")
async def new_promotion(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Show the form of a promotion that does not exist yet."""
    today = utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
    form = {
        "start": formats.field(today),
        "end": formats.field(today + timedelta(days=31)),
        "stackable": "on",
        "enabled": "on",
        "rule_set": _pretty(FIRST_RULES),
    }
    return _form_page(request, Filled(form))


@get("/promotions/{promotion_id:str}/edit")
async def edit_promotion(request: Request[Any, Any, Any], promotion_id: FromPath[str]) -> Response[bytes]:
    """Show the form of a promotion as it stands."""
    async with context_of(request) as context:
        promotion = (await overview_of(context, promotion_id)).promotion
    return _form_page(request, Filled(_form_of(promotion)), promotion)


def _form_of(promotion: Promotion) -> Form:
    """Return what a form says of a promotion as it stands."""
    said = promotion_document(promotion)
    form = {
        "name": promotion.name,
        "description": promotion.description or "",
        "priority": "" if promotion.priority is None else str(promotion.priority),
        "start": formats.field(promotion.start),
        "end": formats.field(promotion.end),
        "rule_set": _pretty(said["rule_set"]),
        "updated_at": formats.iso(promotion.updated_at),
    }
    return form | {switch: "on" for switch in SWITCHES if getattr(promotion, switch)}


@post("/promotions", status_code=303)
async def create(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Create the promotion that a form describes, or show the form with what is wrong beside each field."""
    form = await form_of(request)
    try:
        attributes = decode_promotion(document_of(form))
        async with context_of(request) as context:
            promotion = await promotions.create_promotion(context, attributes)
    except Refusal as refusal:
        return _form_page(request, _refused(form, refusal), status=422)
    return go(path_of(promotion.id), "created")


@post("/promotions/{promotion_id:str}", status_code=303)
async def update(request: Request[Any, Any, Any], promotion_id: FromPath[str]) -> Response[bytes]:
    """Change a promotion to what a form says, or show the form with what is wrong beside each field."""
    form = await form_of(request)
    id_ = id_in_path(promotion_id, PromotionNotFound)
    async with context_of(request) as context:
        before = await promotions.get_promotion(context, id_)
    try:
        async with context_of(request) as context:
            await promotions.update_promotion(context, id_, _amend(form, before))
    except Refusal as refusal:
        return _form_page(request, _refused(form, refusal), before, status=422)
    return go(path_of(id_), "saved")


def _amend(form: Form, shown: Promotion) -> Callable[[PromotionAttributes], PromotionAttributes]:
    """Return the change that a form asks for, if nobody else changed the promotion since it was opened.

    What the form cannot show, as fractions of seconds, stays as it is where it was not touched.
    """
    kept = [
        member
        for member in ("start", "end")
        if formats.said(form.get(member, "")) == formats.said(formats.field(getattr(shown, member)))
    ]
    amend = amend_promotion(document_of({name: value for name, value in form.items() if name not in kept}))

    def change(stored: PromotionAttributes) -> PromotionAttributes:
        assert isinstance(stored, Promotion)
        if formats.iso(stored.updated_at) != form.get("updated_at"):
            raise Changed
        return amend(stored)

    return change


def document_of(form: Form) -> bytes:
    """Return what a form says as the wire says it; what is no number or date is said as it was typed."""
    said: dict[str, Any] = {
        "type": "rule_promotion",
        "name": form.get("name", "").strip(),
        "description": form.get("description", "").strip() or None,
        "priority": number(form.get("priority", "")),
        "rule_set": json_of(form.get("rule_set", "")),
        **{member: formats.said(form[member]) for member in ("start", "end") if member in form},
        **{switch: switch in form for switch in SWITCHES},
    }
    return msgspec.json.encode({"data": said})


def _refused(form: Form, refusal: Refusal) -> Filled:
    if refusal.category not in FORMABLE:
        raise refusal
    if isinstance(refusal, InvalidDocument):
        return Filled(form, refusal.faults)
    return Filled(form, refusal=refusal.detail or refusal.title)


def _form_page(
    request: Request[Any, Any, Any], filled: Filled, promotion: Promotion | None = None, status: int = 200
) -> Response[bytes]:
    said = filled.form.get("rule_set", "")
    return page(
        request,
        "promotion_form.html",
        status,
        filled=filled,
        form=filled.form,
        promotion=promotion,
        action=path_of(promotion.id) if promotion else LIST,
        back=path_of(promotion.id) if promotion else LIST,
        sentence=reading(said.encode()).sentence,
        max_name=MAX_NAME,
        max_description=MAX_DESCRIPTION,
    )


def _pretty(document: object) -> str:
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


handlers = [new_promotion, edit_promotion, create, update]
