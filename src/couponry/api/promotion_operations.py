"""What the operations of promotions and of their evaluation take, answer and refuse."""

from couponry.api import examples
from couponry.api.answers import (
    EvaluationAnswer,
    PromotionAnswer,
    PromotionList,
)
from couponry.api.documents import PromotionDocument
from couponry.api.evaluations import EvaluationDocument
from couponry.api.operation import Operation, Tag
from couponry.domain import errors, promotion_errors
from couponry.storage import promotions

NO_PROMOTION = promotion_errors.PromotionNotFound()

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
                promotion_errors.TooManyAutomaticPromotions.on_create(50),
                promotion_errors.DuplicatePriority(),
                promotion_errors.UnprocessablePromotion("The start of a promotion must be before its end."),
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
                promotion_errors.TooManyAutomaticPromotions.on_update(50),
                NO_PROMOTION,
                promotion_errors.DuplicatePriority(),
                promotion_errors.UnprocessablePromotion("The start of a promotion must be before its end."),
            ),
        ),
        "deleteRulePromotion": Operation(
            "It is gone when this answers; a worker then removes its codes, however many there are.",
            refuses=(NO_PROMOTION,),
        ),
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
                promotion_errors.UnprocessablePromotion(
                    "The start of a promotion must be before its end.", promotion_id="draft-0"
                ),
            ),
        ),
    },
)
