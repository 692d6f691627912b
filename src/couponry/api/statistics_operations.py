"""What each operation on statistics takes, answers and refuses."""

from collections.abc import Mapping
from typing import Any

from couponry.api.operation import Operation, Tag
from couponry.api.statistics import USUAL_DAYS, CodeStatistics, RedemptionStatistics, RefusalStatistics
from couponry.domain.errors import BadRequest
from couponry.domain.figures import MAX_DAYS

DAY = {"type": "string", "format": "date"}
SPAN: Mapping[str, Mapping[str, Any]] = {
    "from": {"description": f"The first day, in UTC; without it {USUAL_DAYS} days are told.", "schema": DAY},
    "to": {"description": f"The last day; today without it. At most {MAX_DAYS} days are told at once.", "schema": DAY},
    "promotion_id": {
        "description": "Only of this promotion, deleted or not.",
        "schema": {"type": "string", "format": "uuid"},
    },
    "format": {
        "description": "`csv` answers a table, in which an apostrophe keeps text from being run as a formula.",
        "schema": {"type": "string", "enum": ["json", "csv"], "default": "json"},
    },
}
BY: Mapping[str, Mapping[str, Any]] = {
    "by": {
        "description": "What to tell it by.",
        "schema": {"type": "string", "enum": ["day", "promotion"], "default": "day"},
    }
}
REFUSES = (BadRequest("from must not be after to"),)

STATISTICS = Tag(
    "Statistics",
    "How promotions fare, by days of UTC. What was redeemed is as exact as the ledger and a few seconds behind it;"
    " refused attempts are counted in memory and written down every two seconds. These operations are ours.",
    {
        "getRedemptionStatistics": Operation(
            "A redemption counts once for each promotion that it used, on the day when it was made; what was given back"
            " since is told beside it, on that same day. Holds do not count until they are confirmed.",
            answer=RedemptionStatistics,
            csv=True,
            options={**SPAN, **BY},
            refuses=REFUSES,
        ),
        "getRefusalStatistics": Operation(
            "A code that was entered and gave nothing counts once, for the first reason: in a redemption, a cart, an"
            " evaluation that does not ask for reasons or for another moment, and at a checkout that goes on without"
            " it. Codes that nobody knows count without a promotion.",
            answer=RefusalStatistics,
            csv=True,
            options={**SPAN, **BY},
            refuses=REFUSES,
        ),
        "getCodeStatistics": Operation(
            "At most a hundred, by the newest 2,000 uses of each of the ten promotions with most uses.",
            answer=CodeStatistics,
            csv=True,
            options=SPAN,
            refuses=REFUSES,
        ),
    },
)
