"""What is read of the codes that a shopper entered."""

import asyncio
from collections.abc import Callable
from uuid import UUID

from couponry.domain.codes import CodeLimits, MaxUsesPerShopper
from couponry.domain.entered import Grant
from couponry.storage import entered_codes
from couponry.storage.database import Connection
from couponry.storage.entered_codes import Entered
from support import Shop, evaluation_body


async def test_codes_are_found_with_their_limits(shop: Shop, connection: Connection):
    first, second = shop.promotion(), shop.promotion()
    per_shopper = {"max_uses": 2, "includes_guests": False}
    limited = {"code": "Both", "uses": 3, "user": "ann", "max_uses_per_shopper": per_shopper}
    [one] = shop.add_codes(first, limited).json()["data"]
    [other] = shop.add_codes(second, {"code": "BOTH", "consume_unit": "per_application"}).json()["data"]
    [third] = shop.add_codes(second, {"code": "new", "is_for_new_shopper": True}).json()["data"]
    await connection.execute("UPDATE promotion_codes SET used = 1 WHERE id = %s", [one["id"]])

    [known] = await entered_codes.look_up(connection, UUID(shop.store_id), [Entered(("both", "nope", "new"))])

    limits = CodeLimits(max_uses=3, user="ann", max_uses_per_shopper=MaxUsesPerShopper(**per_shopper))
    assert known.version == 2
    assert known.grants.keys() == {"both", "new"}
    assert sorted(known.grants["both"], key=lambda grant: grant.promotion_id) == [
        Grant(first, "Both", limits, UUID(one["id"]), remaining=2),
        Grant(second, "BOTH", CodeLimits(consume_unit="per_application"), UUID(other["id"])),
    ]
    assert known.grants["new"] == [Grant(second, "new", CodeLimits(is_for_new_shopper=True), UUID(third["id"]))]


async def test_codes_of_other_stores_are_not_found(new_shop: Callable[..., Shop], connection: Connection):
    shop, stranger = await asyncio.to_thread(new_shop), await asyncio.to_thread(new_shop)
    shop.add_codes(shop.promotion(), "theirs")

    for keys in (("theirs",), ()):
        [known] = await entered_codes.look_up(connection, UUID(stranger.store_id), [Entered(keys)])
        assert (known.version, known.grants) == (0, {})


async def test_each_shopper_is_told_of_their_own_uses(shop: Shop, connection: Connection):
    promotion = shop.promotion()
    once = {"code": "once", "max_uses_per_shopper": {"max_uses": 1, "includes_guests": True}}
    first = {"code": "first", "is_for_new_shopper": True}
    shop.add_codes(promotion, once, first, "free")
    for code in ("once", "first"):
        body = evaluation_body(type="redemption", codes=[code], shopper={"email": "ann@example.com"})
        assert shop.http.post("/v2/rule-promotions/redemptions", json=body).status_code == 201
    cursor = await connection.execute("SELECT DISTINCT shopper FROM code_shoppers WHERE store_id = %s", [shop.store_id])
    [(ann,)] = await cursor.fetchall()
    keys = ("free", "once", "first")

    asked = [Entered(keys, shoppers) for shoppers in ((), (b"bob",), (b"bob", ann), (b"bob",), (ann,))]
    found = await entered_codes.look_up(connection, UUID(shop.store_id), asked)

    uses = [[known.grants[key][0].used_by_shopper for key in keys] for known in found]
    assert uses == [[0, 0, 0], [0, 0, 0], [0, 1, 1], [0, 0, 0], [0, 1, 1]]
    new = [[known.grants[key][0].new_shopper for key in keys] for known in found]
    assert new == [[True] * 3, [True] * 3, [True, True, False], [True] * 3, [True, True, False]]
