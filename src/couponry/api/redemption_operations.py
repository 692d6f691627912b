"""What each operation on redemptions takes, answers and refuses."""

from couponry.api import examples
from couponry.api.answers import InvariantsAnswer
from couponry.api.operation import Operation, Tag
from couponry.api.order_operations import KEY, KEY_REFUSES
from couponry.api.redemption_answers import RedemptionAnswer, RedemptionList
from couponry.api.redemptions import ConfirmationDocument, RedemptionDocument
from couponry.domain import redemption_errors
from couponry.storage import redemption_lists

NO_REDEMPTION = redemption_errors.RedemptionNotFound()

REDEMPTIONS = Tag(
    "Redemptions",
    "A redemption judges a cart and claims every use that it takes, all at once: of the code, of the shopper, of the"
    " first order. No limit is ever passed, whatever is asked at the same moment. These operations are ours.",
    {
        "createRedemption": Operation(
            "A hold keeps its uses until it is confirmed, released or expired. What each refused code lacks is told in"
            " `meta.reason`. A retry with the same `Idempotency-Key` gets the first answer, with the header"
            " `Idempotent-Replayed: true`; refusals are not remembered.",
            answer=RedemptionAnswer,
            body=RedemptionDocument,
            examples=examples.REDEMPTIONS,
            headers=KEY,
            refuses=(
                *KEY_REFUSES,
                redemption_errors.FullyConsumed(
                    "The code has been used, or is held, 10 of 10 times.", code="spring-sale", reason="code_exhausted"
                ),
                redemption_errors.NotApplicable(
                    "No promotion has this code.", code="sprung-sale", reason="unknown_code"
                ),
            ),
        ),
        "getRedemptions": Operation(
            "Without the carts that were judged. More than ten thousand are not counted to the end.",
            answer=RedemptionList,
            filters=redemption_lists.FILTERS,
        ),
        "getRedemption": Operation(
            "It is answered as it stands, with the cart as it was judged.",
            answer=RedemptionAnswer,
            refuses=(NO_REDEMPTION,),
        ),
        "confirmRedemption": Operation(
            "The body may be left out. Confirming again changes nothing. A hold that has expired is confirmed if its"
            " uses are still free. A retry with the same `Idempotency-Key` gets the first answer, whatever"
            " has become of the redemption since, with the header `Idempotent-Replayed: true`.",
            answer=RedemptionAnswer,
            body=ConfirmationDocument,
            body_required=False,
            examples=examples.CONFIRMATIONS,
            headers=KEY,
            refuses=(
                *KEY_REFUSES,
                NO_REDEMPTION,
                redemption_errors.RedemptionExpired(),
                redemption_errors.RedemptionMoved("The redemption has been released."),
            ),
        ),
        "releaseRedemption": Operation(
            "Of a payment that failed, or of an order that is sent back. Releasing again changes nothing; the uses stay"
            " on record. A retry with the same `Idempotency-Key` gets the first answer.",
            answer=RedemptionAnswer,
            headers=KEY,
            refuses=(*KEY_REFUSES, NO_REDEMPTION),
        ),
        "getInvariants": Operation(
            "Every counter that has drifted is listed, of codes and of shoppers. All uses of the store are read.",
            answer=InvariantsAnswer,
        ),
    },
)
