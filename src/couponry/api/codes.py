"""The codes of a promotion (behaviour.md 2)."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, delete, get, post
from litestar.params import FromPath
from msgspec import UNSET, Meta

from couponry.api import aliases
from couponry.api.answers import CodeResource, CodesMessage, CreatedCodes, Creation, CreationMeta, SharedNames
from couponry.api.auth import require_merchant
from couponry.api.documents import decode
from couponry.api.listing import filter_asked, list_document, order_asked, page_asked
from couponry.api.state import context_of
from couponry.api.wire import id_in_path, json_answer, json_body, moment, no_content
from couponry.domain.codes import NewCode, PromotionCode
from couponry.domain.promotion_errors import PromotionNotFound
from couponry.services import codes
from couponry.storage.codes import ORDERS

MAX_CODES = 10_000
"""The most codes of one request; jobs and the command line make more."""


class NewCodes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Codes to create."""

    type: Literal["promotion_codes"]
    codes: Annotated[list[NewCode], Meta(min_length=1, max_length=MAX_CODES)]


class NewCodesDocument(msgspec.Struct, frozen=True):
    """The body that creates codes."""

    data: NewCodes


class NamedCode(msgspec.Struct, frozen=True):
    """A code named by itself; what else is sent does not matter."""

    code: str


class NamedCodes(msgspec.Struct, frozen=True):
    """Codes to delete."""

    type: Literal["promotion_codes"]
    codes: Annotated[list[NamedCode], Meta(min_length=1, max_length=MAX_CODES)]


class NamedCodesDocument(msgspec.Struct, frozen=True):
    """The body that deletes codes."""

    data: NamedCodes


@post("/", operation_id="createRulePromotionCodes")
async def create_codes(request: Request[Any, Any, Any], promotion_id: FromPath[str]) -> Response[bytes]:
    """Create codes, all or none of them."""
    new = decode(await json_body(request), NewCodesDocument, aliases.CODES).data.codes
    id_ = id_in_path(promotion_id, PromotionNotFound)
    async with context_of(request) as context, codes.creating_codes(context, id_, new) as created:
        messages = [_duplicate_names(created.used_elsewhere)] if created.used_elsewhere else UNSET
        return json_answer(CreatedCodes(_created(created.ids, created.spelled, new), messages), 201)


@get("/", operation_id="getRulePromotionCodes")
async def list_codes(request: Request[Any, Any, Any], promotion_id: FromPath[str]) -> Response[bytes]:
    """List the codes of a promotion, as they were made or sorted by code."""
    wanted, page, order = filter_asked(request), page_asked(request), order_asked(request, list(ORDERS))
    id_ = id_in_path(promotion_id, PromotionNotFound)
    async with context_of(request) as context:
        listed = await codes.list_codes(context, id_, wanted, order, page)
    data = [code_document(code) for code in listed.rows]
    return json_answer(list_document(request, page, listed, data))


@delete("/", operation_id="deleteRulePromotionCodes", status_code=204)
async def delete_codes(request: Request[Any, Any, Any], promotion_id: FromPath[str]) -> Response[None]:
    """Delete the codes that the body names; those that do not exist are passed over."""
    named = decode(await json_body(request), NamedCodesDocument).data.codes
    id_ = id_in_path(promotion_id, PromotionNotFound)
    async with context_of(request) as context:
        await codes.delete_codes(context, id_, [one.code for one in named])
    return no_content()


@delete("/{code_id:str}", operation_id="deleteSingleRulePromotionCode", status_code=204)
async def delete_code(
    request: Request[Any, Any, Any], promotion_id: FromPath[str], code_id: FromPath[str]
) -> Response[None]:
    """Delete one code, named by its id or by itself."""
    id_ = id_in_path(promotion_id, PromotionNotFound)
    async with context_of(request) as context:
        await codes.delete_code(context, id_, code_id)
    return no_content()


def _created(ids: list[UUID], spelled: list[str], new: list[NewCode]) -> list[CodeResource]:
    return [
        CodeResource(
            max_uses=one.uses,
            user=one.user,
            consume_unit=one.consume_unit,
            max_uses_per_shopper=one.max_uses_per_shopper,
            is_for_new_shopper=one.is_for_new_shopper,
            id=id_,
            code=code,
            uses=one.uses,
        )
        for id_, code, one in zip(ids, spelled, new, strict=True)
    ]


def code_document(code: PromotionCode) -> CodeResource:
    """Return a code as it is answered."""
    created_at = code.created_at
    return CodeResource(
        max_uses=code.max_uses,
        user=code.user,
        consume_unit=code.consume_unit,
        max_uses_per_shopper=code.max_uses_per_shopper,
        is_for_new_shopper=code.is_for_new_shopper,
        id=code.id,
        code=code.code,
        uses=code.uses,
        created_by=code.created_by,
        meta=UNSET if created_at is UNSET else CreationMeta(Creation(moment(created_at))),
    )


def _duplicate_names(names: list[str]) -> CodesMessage:
    return CodesMessage(
        SharedNames("promotion_codes", names),
        title="Duplicate code names",
        description="Code names duplicated in other promotions",
    )


router = Router(
    "/v2/rule-promotions/{promotion_id:str}/codes",
    route_handlers=[create_codes, list_codes, delete_codes, delete_code],
    guards=[require_merchant],
    tags=["Rule Promotion Codes"],
)
