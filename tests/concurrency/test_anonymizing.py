"""Forgetting a shopper takes its locks in the order of everybody else, so that nobody waits in a circle."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from installation import Records, until
from support import Shop, evaluation_body

PROMOTIONS = "/v2/rule-promotions"
CUSTOMER = {"customer_id": "customer-1", "email": "ann@example.com"}
ROW = "SELECT FROM usages WHERE id = %s FOR NO KEY UPDATE"


def rows_of_two_codes(shop: Shop, records: Records, state: str) -> list[tuple[Any, ...]]:
    """Redeem a code of two promotions, and return the redemption, id and code of each row of the ledger."""
    for promotion in (shop.promotion(), shop.promotion()):
        shop.add_codes(promotion, {"code": "both", "uses": 9})
    body = evaluation_body(type="redemption", codes=["both"], shopper=CUSTOMER, state=state)
    assert shop.http.post(f"{PROMOTIONS}/redemptions", json=body).status_code == 201
    return records.rows(
        "SELECT redemption_id, id, code_id FROM usages WHERE store_id = %s ORDER BY id", [shop.store_id]
    )


@pytest.mark.parametrize(
    ("state", "guard"),
    [
        ("confirmed", "SELECT FROM redemptions WHERE id = %s FOR NO KEY UPDATE"),  # as releasing does
        ("held", "SELECT FROM promotion_codes WHERE id = ANY(%s) FOR NO KEY UPDATE"),  # as claiming does
    ],
)
def test_whoever_holds_what_guards_the_rows_goes_first(shop: Shop, database_url: str, state: str, guard: str):
    records = Records(database_url)
    [(redemption, first, one), (_, second, two)] = rows_of_two_codes(shop, records, state)

    with ThreadPoolExecutor(1) as together, psycopg.connect(database_url) as mover:
        mover.execute(guard, [redemption if state == "confirmed" else [one, two]])  # type: ignore[arg-type]
        mover.execute(ROW, [second])
        document = {"data": {"customer_id": "customer-1"}}
        asked = together.submit(lambda: shop.http.post(f"{PROMOTIONS}/usages/anonymize", json=document))
        blocked = "SELECT FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
        until(lambda: bool(records.rows(blocked, [mover.info.backend_pid])))
        mover.execute(ROW, [first])
        mover.commit()
        answer = asked.result(60)

    assert answer.status_code == 200, answer.text
    left = records.rows("SELECT DISTINCT customer_email FROM usages WHERE store_id = %s", [shop.store_id])
    assert left == [("**",)]
