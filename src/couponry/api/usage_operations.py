"""What each operation on usages takes, answers and refuses."""

from couponry.api.examples import Bodies
from couponry.api.operation import Operation, Tag
from couponry.api.usage_answers import AnonymizedUsages, UsageList
from couponry.api.usages import AnonymizeDocument
from couponry.domain import usage_errors
from couponry.storage.usage_lists import FILTERS, ORDERS

NO_PROMOTION = usage_errors.NoSuchPromotion()
SORTS = tuple(name for name in ORDERS if name)

FORGOTTEN: Bodies = {
    "Everything of an e-mail address": {"data": {"customer_email": "ann@example.com"}},
    "Everything of a customer": {"data": {"customer_id": "customer-1"}},
}

USAGES = Tag(
    "Usages",
    "What is on record of the uses of codes: one for each redemption, promotion and code. A use that was given back"
    " stays on record; a hold is none yet.",
    {
        "getRulePromotionUsages": Operation(
            "Usages of codes that were deleted are listed as well. More than ten thousand are not counted to the end.",
            answer=UsageList,
            filters=FILTERS,
            orders=SORTS,
            refuses=(NO_PROMOTION,),
        ),
        "getRulePromotionCodeUsages": Operation(
            "A code that was deleted keeps its usages. One that is named by itself, and not by its id, stands for every"
            " code of the promotion that was ever spelled so.",
            answer=UsageList,
            filters=FILTERS,
            orders=SORTS,
            refuses=(NO_PROMOTION, usage_errors.NoSuchCode()),
        ),
        "anonymizeRulePromotionUsages": Operation(
            "E-mail addresses are replaced by `**`, in the judged carts of redemptions as well; ids of customers and"
            " accounts stay, and so does every limit. Usages are named by their ids, or all of a shopper's at once by"
            " `customer_id` or `customer_email`, which are ours; a shopper's carts and orders are then anonymized as"
            " well, and so is the order of a usage that is named. Orders that are not over lose their addresses, too:"
            " `meta.open_orders` names them. Ids that no usage has are named in `errors`. Doing it again changes"
            " nothing.",
            answer=AnonymizedUsages,
            body=AnonymizeDocument,
            examples=FORGOTTEN,
            refuses=(usage_errors.UsagesNotFound(["ca4385ec-7fb2-4a95-8690-f752c508d68a"]),),
        ),
    },
)
