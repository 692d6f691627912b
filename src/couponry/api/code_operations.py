"""What the operations of codes take, answer and refuse."""

from couponry.api import examples
from couponry.api.answers import (
    CodeList,
    CreatedCodes,
)
from couponry.api.codes import NamedCodesDocument, NewCodesDocument
from couponry.api.operation import Operation, Tag
from couponry.domain import code_errors, promotion_errors
from couponry.storage import codes

NO_PROMOTION = promotion_errors.PromotionNotFound()

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
                code_errors.InvalidCode.for_new_shoppers("spring-sale"),
                code_errors.TooManyCodes(1000),
                NO_PROMOTION,
                code_errors.NoCodesAllowed(),
                code_errors.UnsupportedConsumeUnit(),
                code_errors.DuplicateCode(),
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
            refuses=(NO_PROMOTION, code_errors.AutomaticCodeKept()),
        ),
        "deleteSingleRulePromotionCode": Operation(
            "Uses that were made of it stay on record.",
            refuses=(NO_PROMOTION, code_errors.CodeNotFound(), code_errors.AutomaticCodeKept()),
        ),
    },
)
