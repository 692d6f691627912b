"""What each operation of the API takes, answers and refuses: the part of the OpenAPI document that no code says."""

from typing import Literal

import msgspec

from couponry.api import examples
from couponry.api.access_operations import CLIENTS
from couponry.api.cart_operations import CARTS, SETTINGS, SHIPPING
from couponry.api.code_operations import CODES
from couponry.api.job_operations import JOBS
from couponry.api.operation import Operation, Tag
from couponry.api.order_operations import ORDERS, PAYMENTS
from couponry.api.product_operations import PRODUCTS
from couponry.api.promotion_operations import EVALUATIONS, PROMOTIONS
from couponry.api.redemption_operations import REDEMPTIONS
from couponry.api.statistics_operations import STATISTICS
from couponry.api.usage_operations import USAGES
from couponry.domain import errors, job_errors
from couponry.services.access import Grant, IssuedToken


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
            refuses=(job_errors.FileNotAvailable(),),
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
