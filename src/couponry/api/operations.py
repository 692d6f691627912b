"""What each operation of the API takes, answers and refuses: the part of the OpenAPI document that no code says."""

from typing import Literal

import msgspec

from couponry.api import examples
from couponry.api.access_operations import CLIENTS
from couponry.api.answers import (
    CodeList,
    CreatedCodes,
    EvaluationAnswer,
    FileLink,
    JobAnswer,
    JobList,
    ProductAnswer,
    ProductList,
    PromotionAnswer,
    PromotionList,
    StoredProducts,
)
from couponry.api.cart_operations import CARTS, SETTINGS, SHIPPING
from couponry.api.codes import NamedCodesDocument, NewCodesDocument
from couponry.api.documents import ProductsDocument, PromotionDocument
from couponry.api.evaluations import EvaluationDocument
from couponry.api.jobs import NewJobDocument
from couponry.api.operation import Operation, Tag
from couponry.api.order_operations import ORDERS, PAYMENTS
from couponry.api.redemption_operations import REDEMPTIONS
from couponry.api.statistics_operations import STATISTICS
from couponry.api.usage_operations import USAGES
from couponry.domain import errors
from couponry.services.access import Grant, IssuedToken
from couponry.storage import codes, jobs, products, promotions


class TokenForm(msgspec.Struct, frozen=True):
    """The form of OAuth 2 that asks for a token."""

    grant_type: Grant
    """`client_credentials` for merchants; `implicit`, which takes no secret, for shoppers."""
    client_id: str
    client_secret: str | msgspec.UnsetType = msgspec.UNSET


class Health(msgspec.Struct, frozen=True):
    """Says that the process answers."""

    status: Literal["ok"]


class Readiness(msgspec.Struct, frozen=True):
    """Says whether requests can be answered."""

    status: Literal["ok", "unavailable"]
    schema: str | msgspec.UnsetType = msgspec.UNSET
    """The revision of the database's schema."""
    database: str | msgspec.UnsetType = msgspec.UNSET
    """What is wrong with the database."""


NO_PROMOTION = errors.PromotionNotFound()
NO_JOB = errors.JobNotFound()

PROMOTIONS = Tag(
    "Rule promotions",
    "A promotion says in a rule set which carts qualify, and what is then taken off. Money is an integer in minor"
    " units (cents). What a request leaves unsaid takes its default. Members that are none of ours are kept as custom"
    " fields.",
    {
        "createRulePromotion": Operation(
            "An automatic promotion applies by itself and gets one code, `auto_` and its id; any other applies to"
            " carts that one of its codes was entered on. Priorities are unique among promotions that are running"
            " or scheduled.",
            answer=PromotionAnswer,
            body=PromotionDocument,
            examples=examples.NEW_PROMOTIONS,
            refuses=(
                errors.TooManyAutomaticPromotions.on_create(50),
                errors.DuplicatePriority(),
                errors.UnprocessablePromotion("The start of a promotion must be before its end."),
            ),
        ),
        "getRulePromotions": Operation(
            "Without a filter, all of them are listed.", answer=PromotionList, filters=promotions.FILTERS
        ),
        "getRulePromotionById": Operation(
            "It is answered as it stands, whatever its status.", answer=PromotionAnswer, refuses=(NO_PROMOTION,)
        ),
        "updateRulePromotion": Operation(
            "A member that is null is removed, if it can be. The rule set is replaced as a whole. What was read may"
            " be sent back: members that only the server knows are passed over.",
            answer=PromotionAnswer,
            body=PromotionDocument,
            partial=True,
            examples=examples.CHANGES,
            refuses=(
                errors.TooManyAutomaticPromotions.on_update(50),
                NO_PROMOTION,
                errors.DuplicatePriority(),
                errors.UnprocessablePromotion("The start of a promotion must be before its end."),
            ),
        ),
        "deleteRulePromotion": Operation(
            "It is gone when this answers; a worker then removes its codes, however many there are.",
            refuses=(NO_PROMOTION,),
        ),
    },
)

CODES = Tag(
    "Promotion codes",
    "What shoppers enter. Case does not matter. Promotions may share a code: it then works for all of them, and each"
    " counts its own uses.",
    {
        "createRulePromotionCodes": Operation(
            "The answer has a message when other promotions have some of the codes as well.",
            answer=CreatedCodes,
            body=NewCodesDocument,
            examples=examples.NEW_CODES,
            refuses=(
                errors.InvalidCode.for_new_shoppers("spring-sale"),
                errors.TooManyCodes(1000),
                NO_PROMOTION,
                errors.NoCodesAllowed(),
                errors.UnsupportedConsumeUnit(),
                errors.DuplicateCode(),
            ),
        ),
        "getRulePromotionCodes": Operation(
            "To walk through any number of codes, sort by `code` and ask each time for those after the last one seen:"
            " `sort=code&filter=gt(code,last-seen)`.",
            answer=CodeList,
            filters=codes.FILTERS,
            orders=tuple(name for name in codes.ORDERS if name),
            refuses=(NO_PROMOTION,),
        ),
        "deleteRulePromotionCodes": Operation(
            "Only the names count; whatever else describes a code is passed over.",
            body=NamedCodesDocument,
            examples=examples.NAMED_CODES,
            refuses=(NO_PROMOTION, errors.AutomaticCodeKept()),
        ),
        "deleteSingleRulePromotionCode": Operation(
            "Uses that were made of it stay on record.",
            refuses=(NO_PROMOTION, errors.CodeNotFound(), errors.AutomaticCodeKept()),
        ),
    },
)

JOBS = Tag(
    "Promotion jobs",
    "Bulk work in the background. A promotion has at most one job that is pending or processing; a job survives"
    " crashes and restarts without losing or repeating a code.",
    {
        "createRulePromotionJob": Operation(
            "A job for codes draws them at random, so that they cannot be guessed. A job for a file writes all codes"
            " of the promotion as CSV. A job for an import takes the file of a completed dry run, which is kept for a"
            " day: it need not be uploaded again (ours).",
            answer=JobAnswer,
            body=NewJobDocument,
            examples=examples.NEW_JOBS,
            refuses=(
                errors.TooManyJobs(),
                errors.TooManyCodes(1000, "data.parameters.number_of_codes"),
                errors.InvalidCode.for_new_shoppers("may-*"),
                NO_PROMOTION,
                errors.NoJobsAllowed(),
                errors.UnsupportedConsumeUnit(),
                errors.CodeSpaceTooSmall(),
                errors.DryRunNotUsable(),
                errors.AlreadyImported(),
            ),
        ),
        "importRulePromotionCodes": Operation(
            "The body is the file itself, however large: CSV in UTF-8 with commas, semicolons, tabs or bars. Its first"
            " line names the columns: `code`, and if need be `uses` (or `max_uses`), `user`, `consume_unit`,"
            " `max_uses_per_shopper`, `includes_guests`, `is_for_new_shopper`. What a job for a file wrote can be"
            " imported; `uses`, what is left, then counts. A line that is wrong, or whose code exists, is refused; the"
            " others are imported. The job's file is a report of the refused lines: their numbers, codes and reasons."
            " A dry run stores nothing; its file is kept for a day, for a job that imports it. This operation is ours.",
            answer=JobAnswer,
            file="code,uses\r\nspring-1,1\r\nspring-2,1\r\n",
            options={
                "dry_run": {
                    "description": "Whether to tell only what would be imported.",
                    "schema": {"type": "boolean", "default": False},
                },
                "name": {"description": "What to call the job.", "schema": {"type": "string", "maxLength": 50}},
            },
            refuses=(
                errors.UnusableFile("The first line names no column code."),
                errors.TooManyJobs(),
                errors.TooManyCodes(1000),
                NO_PROMOTION,
                errors.NoJobsAllowed(),
            ),
        ),
        "getRulePromotionJobs": Operation(
            "A job is kept for as long as its promotion.",
            answer=JobList,
            filters=jobs.FILTERS,
            refuses=(NO_PROMOTION,),
        ),
        "getRulePromotionJob": Operation(
            "Elastic Path's API can only list jobs; asking for one is cheaper than searching the list for it.",
            answer=JobAnswer,
            refuses=(NO_PROMOTION, NO_JOB),
        ),
        "getRulePromotionJobEvents": Operation(
            "Server-Sent Events, made for EventSource: how the job stands, at once and after every change, each as"
            " `getRulePromotionJob` answers it, until it has ended. A client that comes back with `Last-Event-ID` goes"
            " on with the present state. A silent job sends a comment every few seconds. This operation is ours.",
            answer_type="text/event-stream",
            headers={"Last-Event-ID": "The id of the last event that was seen."},
            nothing="The job had ended with the last event that was seen. EventSource does not come back after it.",
            refuses=(NO_PROMOTION, NO_JOB),
        ),
        "getRulePromotionJobFile": Operation(
            "Every call gives a fresh link. The file of an import is its report.",
            answer=FileLink,
            refuses=(NO_PROMOTION, NO_JOB, errors.JobHasNoFile("processing")),
        ),
        "cancelRulePromotionJob": Operation(
            "A job that is processing answers as `cancelling`, and is `cancelled` once its codes are deleted.",
            answer=JobAnswer,
            refuses=(NO_PROMOTION, NO_JOB, errors.JobNotCancellable()),
        ),
    },
)

PRODUCTS = Tag(
    "Products",
    "What carts look up: prices, categories and attributes of what a shop sells. These operations are ours.",
    {
        "putProducts": Operation(
            "All of them are stored, or none. A product with an id that is stored already is replaced as a whole.",
            answer=StoredProducts,
            body=ProductsDocument,
            examples=examples.PRODUCTS,
            refuses=(errors.DuplicateSku("sock-red"),),
        ),
        "getProducts": Operation(
            "Shoppers may ask as well. More than ten thousand are not counted to the end.",
            answer=ProductList,
            filters=products.FILTERS,
        ),
        "getProduct": Operation(
            "Shoppers may ask as well. A `/` within an id is written as `%2F`.",
            answer=ProductAnswer,
            refuses=(errors.ProductNotFound(),),
        ),
        "deleteProduct": Operation("Its sku is free then.", refuses=(errors.ProductNotFound(),)),
    },
)

EVALUATIONS = Tag(
    "Evaluations",
    "How a cart is judged, wherever it is kept. Nothing is stored: no cart, and no use of a code. This operation is"
    " ours.",
    {
        "evaluateCart": Operation(
            "Shoppers may ask as well. Of a code that gives nothing they are told just that, not why; and neither other"
            " moments (`at`) nor drafts (`promotions`) are judged for them.",
            answer=EvaluationAnswer,
            body=EvaluationDocument,
            examples=examples.EVALUATIONS,
            refuses=(
                errors.Forbidden(),
                errors.UnprocessablePromotion(
                    "The start of a promotion must be before its end.", promotion_id="draft-0"
                ),
            ),
        ),
    },
)

ACCESS = Tag(
    "Access",
    "Every request under `/v2` carries a token: `Authorization: Bearer ...`.",
    {
        "createAccessToken": Operation(
            "Takes a form, and an object of JSON with the same members.",
            answer=IssuedToken,
            body=TokenForm,
            body_type="application/x-www-form-urlencoded",
            examples=examples.TOKENS,
            refuses=(errors.BadRequest(), errors.InvalidClient(), errors.TooManyTries(1)),
        ),
    },
)

OPERATING = Tag(
    "Files and health",
    "What needs no token: files by their signed links, and what load balancers ask.",
    {
        "downloadFile": Operation(
            "Links come from `getRulePromotionJobFile`, where files are kept on this server's disk.",
            answer_type="text/csv",
            query={"Expires": "Until when the link is good, in Unix seconds.", "Signature": "Vouches for the rest."},
            refuses=(errors.FileNotAvailable(),),
            uses_database=False,
        ),
        "getHealth": Operation("It asks nothing but the process itself.", answer=Health, uses_database=False),
        "getMetrics": Operation(
            "Requests are counted over all API processes; `couponry_jobs` tells of jobs that have not ended.",
            answer_type="text/plain",
        ),
        "getReadiness": Operation(
            "A load balancer should send requests only to processes that are ready.",
            answer=Readiness,
            unavailable=Readiness,
        ),
    },
)

TAGS = (
    PROMOTIONS,
    CODES,
    JOBS,
    EVALUATIONS,
    REDEMPTIONS,
    USAGES,
    STATISTICS,
    PRODUCTS,
    CARTS,
    SHIPPING,
    ORDERS,
    PAYMENTS,
    SETTINGS,
    CLIENTS,
    ACCESS,
    OPERATING,
)
