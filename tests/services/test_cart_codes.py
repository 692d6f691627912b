"""Codes and promotions on carts over HTTP: what they give, what is said of it, and what is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from support import CartClient, Shop, custom_item, evaluation_body, product

CART_PERCENT = {"strategy": "cart_discount", "args": ["percent", 10]}
ANYTHING = {"strategy": "cart_total", "operator": "gte", "args": [0]}
UNKNOWN = {"title": "Not Found", "status": 404, "detail": "No promotion could be found with the given code."}
NO_EP = "Could not apply EP promotion with the given code"


@pytest.fixture
def cart(shop: Shop) -> CartClient:
    return CartClient(shop)


@pytest.fixture
def coded(shop: Shop) -> Callable[..., str]:
    """Makes promotions with a code."""

    def make(code: Any, action: dict[str, Any] = CART_PERCENT, rules: dict[str, Any] = ANYTHING, **members: Any) -> str:
        promotion = shop.promotion(rule_set={"rules": rules, "actions": [action]}, **members)
        assert shop.add_codes(promotion, code).status_code == 201
        return promotion

    return make


def off_sku(sku: str, percent: int = 50, **items: Any) -> dict[str, Any]:
    action = {"strategy": "item_discount", "args": ["percent", percent]}
    condition = {"strategy": "item_sku", "operator": "in", "args": [sku]}
    return action | {"condition": condition} | ({"limitations": {"items": items}} if items else {})


def promotion_item(code: str) -> dict[str, Any]:
    return {"type": "promotion_item", "code": code}


def discount(answer: Any) -> int:
    return answer["meta"]["display_price"]["discount"]["amount"]


def told(answer: Any) -> list[tuple[str, str]]:
    return [(one["title"], one["source"]["type"]) for one in answer["meta"].get("messages", [])]


def dollars(amount: int) -> dict[str, Any]:
    sign = "-" if amount < 0 else ""
    return {"amount": amount, "currency": "USD", "formatted": f"{sign}${abs(amount) / 100:.2f}"}


def test_a_discount_of_the_cart_has_a_line_and_is_spread_over_the_others(cart: CartClient, coded: Callable[..., str]):
    promotion = coded("SAVE10", {"strategy": "cart_discount", "args": ["fixed", 1000]}, name="Ten off")
    cart.add(custom_item("a", 10000), custom_item("b", 10000, 2))
    answer = cart.enter(" save10 ")
    first, second, shown = answer["data"]

    def entry(amount: int) -> dict[str, Any]:
        return {
            "amount": {"amount": amount, "currency": "USD", "includes_tax": False},
            "code": "SAVE10",
            "id": promotion,
            "promotion_source": "rule-promotion",
            "is_cart_discount": True,
            "ordinal": 1,
        }

    assert first["discounts"] == [entry(-333)]
    assert second["discounts"] == [entry(-667)]
    assert second["value"]["amount"] == 20000
    both = {key: {"unit": dollars(9667), "value": dollars(19333)} for key in ("with_tax", "without_tax")}
    assert second["meta"]["display_price"] == both | {
        "tax": {"unit": dollars(0), "value": dollars(0)},
        "discount": {"unit": dollars(-334), "value": dollars(-667)},
        "without_discount": {"unit": dollars(10000), "value": dollars(20000)},
        "discounts": {"SAVE10": dollars(-667) | {"constituents": {promotion: dollars(-667)}}},
    }
    off, nothing = (dict.fromkeys(("unit", "value"), dollars(amount)) for amount in (-1000, 0))
    assert shown == {
        "id": shown["id"],
        "type": "promotion_item",
        "promotion_id": promotion,
        "name": "Ten off",
        "description": "Promotion",
        "sku": "SAVE10",
        "slug": "",
        "image": {"mime_type": "", "file_name": "", "href": ""},
        "quantity": 1,
        "manage_stock": False,
        "unit_price": {"amount": -1000, "currency": "USD", "includes_tax": False},
        "value": {"amount": -1000, "currency": "USD", "includes_tax": False},
        "links": {},
        "meta": {
            "display_price": {
                "with_tax": off,
                "without_tax": off,
                "tax": nothing,
                "discount": nothing,
                "without_discount": {key: {"amount": 0, "currency": "", "formatted": "0"} for key in ("unit", "value")},
            },
            "timestamps": shown["meta"]["timestamps"],
        },
        "promotion_source": "rule-promotion",
    }
    assert answer["meta"]["display_price"] == {
        "with_tax": dollars(29000),
        "without_tax": dollars(29000),
        "tax": dollars(0),
        "discount": dollars(-1000),
        "without_discount": dollars(30000),
        "shipping": dollars(0),
        "shipping_discount": dollars(0),
    }
    assert answer["meta"]["messages"] == [
        {
            "source": {"type": "promotion_item", "id": shown["id"]},
            "title": "Promotion Added",
            "description": "Promotion has been added to cart.",
        },
        *(
            {
                "source": {"type": "custom_item", "id": line["id"]},
                "title": "Discount Added",
                "description": "Item discount has been added.",
            }
            for line in (first, second)
        ),
    ]
    again = cart.enter("SAVE10")
    assert (again["data"], told(again)) == (answer["data"], [])


def test_discounts_run_on_and_a_code_may_stand_for_several_promotions(cart: CartClient, coded: Callable[..., str]):
    later = coded("SALE", CART_PERCENT, priority=1)
    first = coded("sale", off_sku("sock", 5), priority=2)
    cart.add(custom_item("sock", 1400, 2))
    [line, _] = cart.enter("SALE")["data"]

    assert [(one["id"], one["amount"]["amount"], one["ordinal"]) for one in line["discounts"]] == [
        (first, -140, 1),
        (later, -266, 2),
    ]
    assert "is_cart_discount" not in line["discounts"][0]
    discounts = line["meta"]["display_price"]["discounts"]
    assert {code: one["amount"] for code, one in discounts.items()} == {"sale": -140, "SALE": -266}


def test_an_item_discount_has_no_line_of_its_own(cart: CartClient, coded: Callable[..., str]):
    coded("HALF", off_sku("sock"))
    cart.add(custom_item("sock"), custom_item("boot"))
    answer = cart.enter("HALF")

    assert [line["type"] for line in answer["data"]] == ["custom_item", "custom_item"]
    assert told(answer) == [("Discount Added", "custom_item")]
    answer = cart.ok("PUT", f"/items/{answer['data'][0]['id']}", {"quantity": 2})
    assert (discount(answer), told(answer)) == (-1000, [("Discount Updated", "custom_item")])
    assert "messages" not in cart.items()["meta"]


def test_codes_that_give_nothing_are_not_found(shop: Shop, cart: CartClient, coded: Callable[..., str]):
    cart.add(custom_item())
    coded("disabled", enabled=False)
    coded("soon", start="2098-01-01")
    coded("over", end="2024-02-01")
    coded("dear", rules={"strategy": "cart_total", "operator": "gte", "args": [100_000]})
    coded({"code": "anns", "user": "ann"})
    coded({"code": "members", "max_uses_per_shopper": {"max_uses": 1}})
    coded({"code": "guests", "max_uses_per_shopper": {"max_uses": 1, "includes_guests": True}})
    coded({"code": "first", "is_for_new_shopper": True})
    automatic = shop.promotion(automatic=True, start="2098-01-01")

    for code in ("disabled", "soon", "over", "dear", "anns", "members", "guests", "first", "None", f"auto_{automatic}"):
        assert cart.refused("POST", "/items", promotion_item(code)) == (404, UNKNOWN | {"meta": {"code": code}})
    cart.ok("PUT", "", {"contact": {"email": "ann@example.com"}})
    for code in ("guests", "first"):
        cart.enter(code)
    cart.ok("PUT", "", {"discount_settings": {"use_rule_promotions": False}})
    assert cart.refused("POST", "/items", promotion_item("guests"))[0] == 404


def test_merchants_are_told_why_a_code_gives_nothing(shop: Shop, cart: CartClient, coded: Callable[..., str]):
    merchant = CartClient(shop, client=shop.http)
    cart.add(custom_item())
    coded("dear", rules={"strategy": "cart_total", "operator": "gte", "args": [100_000]})
    coded({"code": "anns", "user": "ann"})

    def why(code: str) -> tuple[str, str]:
        status, error = merchant.refused("POST", "/items", promotion_item(code))
        meta = error.pop("meta")
        assert (status, error, meta.pop("code")) == (404, UNKNOWN, code)
        return meta["reason"], meta["explanation"]

    assert why("dear") == ("rules_not_met", "The cart does not meet the rules of the promotion.")
    assert why("None") == ("unknown_code", "No promotion has this code.")
    assert why("anns")[0] == "wrong_shopper"
    for code in ("dear", "None", "anns"):
        assert cart.refused("POST", "/items", promotion_item(code)) == (404, UNKNOWN | {"meta": {"code": code}})
    merchant.ok("PUT", "", {"discount_settings": {"use_rule_promotions": False}})
    assert why("dear") == ("no_rule_promotions", "The cart does not take rule promotions.")
    assert cart.refused("POST", "/items", promotion_item("dear")) == (404, UNKNOWN | {"meta": {"code": "dear"}})


def test_carts_that_take_no_codes(cart: CartClient, coded: Callable[..., str]):
    coded("SAVE10")
    assert cart.refused("POST", "/items", promotion_item("SAVE10")) == (
        422,
        {
            "title": NO_EP,
            "status": 422,
            "detail": "At least one product must be included in your cart to qualify for this offer",
            "meta": {"code": "SAVE10"},
        },
    )
    cart.add(custom_item())
    cart.ok("PUT", "", {"discount_settings": {"custom_discounts_enabled": True}})
    assert cart.refused("POST", "/items", promotion_item("SAVE10")) == (
        422,
        {
            "title": NO_EP,
            "status": 422,
            "detail": "The cart is configured to use custom discounts",
            "meta": {"code": "SAVE10"},
        },
    )


def test_bulks_with_codes(cart: CartClient, coded: Callable[..., str]):
    coded("VALID")
    items = [promotion_item("VALID"), custom_item(), promotion_item("invalid-code")]

    assert cart.refused("POST", "/items", items) == (404, UNKNOWN | {"meta": {"code": "invalid-code"}})
    assert cart.items()["data"] == []
    answer = cart.ok("POST", "/items", items, add_all_or_nothing=False)
    assert discount(answer) == -100
    assert answer["errors"] == [UNKNOWN | {"meta": {"code": "invalid-code"}}]
    assert "errors" not in cart.items()


def test_codes_are_removed_whatever_their_case(cart: CartClient, coded: Callable[..., str]):
    coded("Save/10%")
    cart.add(custom_item())
    cart.enter("SAVE/10%")
    assert cart.send("DELETE", "/discounts/none").status_code == 204
    assert discount(cart.items()) == -100
    assert cart.send("DELETE", "/discounts/save%2F10%25").status_code == 204
    assert (discount(cart.items()), len(cart.items()["data"])) == (0, 1)


def test_the_line_of_a_promotion_takes_its_code_with_it(shop: Shop, cart: CartClient, coded: Callable[..., str]):
    coded("SAVE10")
    cart.add(custom_item())
    [_, shown] = cart.enter("SAVE10")["data"]
    answer = cart.ok("DELETE", f"/items/{shown['id']}")
    assert len(answer["data"]) == 1
    assert told(answer) == [("Deleted Promotion", "promotion_item"), ("Discount Deleted", "custom_item")]

    automatic = shop.promotion(automatic=True)
    [line, shown] = cart.items()["data"]
    assert shown["sku"] == line["discounts"][0]["code"] == f"auto_{automatic}"
    for path in (f"/items/{shown['id']}", f"/discounts/AUTO_{automatic}"):
        status, error = cart.refused("DELETE", path)
        assert (status, error["status"], error["title"]) == (422, 422, "Unprocessable Entity")
    assert discount(cart.enter(f"auto_{automatic}")) == -100


def test_an_emptied_cart_has_no_codes(cart: CartClient, coded: Callable[..., str]):
    coded("SAVE10")
    cart.add(custom_item())
    cart.enter("SAVE10")
    assert cart.send("DELETE", "/items").status_code == 204
    answer = cart.add(custom_item())
    assert (discount(answer), told(answer)) == (0, [])


def test_dormant_codes_revive(cart: CartClient, coded: Callable[..., str]):
    coded("SAVE10", rules={"strategy": "cart_total", "operator": "gte", "args": [2000]})
    [line] = cart.add(custom_item("sock", 1000, 2))["data"]
    cart.enter("SAVE10")

    answer = cart.ok("PUT", f"/items/{line['id']}", {"quantity": 1})
    assert discount(answer) == 0
    assert told(answer) == [("Deleted Promotion", "promotion_item"), ("Discount Deleted", "custom_item")]
    assert cart.refused("POST", "/items", promotion_item("SAVE10"))[0] == 404
    answer = cart.ok("PUT", f"/items/{line['id']}", {"quantity": 3})
    assert discount(answer) == -300
    assert told(answer) == [("Promotion Added", "promotion_item"), ("Discount Added", "custom_item")]


def test_what_a_merchant_changes_is_told_at_the_next_look_and_once(
    shop: Shop, cart: CartClient, coded: Callable[..., str]
):
    promotion = coded("SAVE10")
    cart.add(custom_item())
    before = cart.enter("SAVE10")["meta"]["timestamps"]
    shop.http.put(f"/v2/rule-promotions/{promotion}", json={"data": {"type": "rule_promotion", "enabled": False}})

    answer = cart.items()
    assert told(answer) == [("Deleted Promotion", "promotion_item"), ("Discount Deleted", "custom_item")]
    assert answer["meta"]["timestamps"] == before
    assert told(cart.items()) == []
    shop.http.put(f"/v2/rule-promotions/{promotion}", json={"data": {"type": "rule_promotion", "enabled": True}})
    assert discount(cart.items()) == -100
    shop.http.delete(f"/v2/rule-promotions/{promotion}")
    assert discount(cart.items()) == 0


def test_what_does_not_stack_is_told_and_tried_again(cart: CartClient, coded: Callable[..., str]):
    lower = coded("LOWER", off_sku("sock", 10), stackable=False, priority=1)
    coded("HIGHER", off_sku("sock", 20), stackable=False, priority=2)
    cart.add(custom_item("sock", 10000))
    cart.enter("LOWER")
    stack = {
        "source": {"type": "promotion", "id": lower, "code": "LOWER"},
        "title": "Couldn't Stack Promotion",
        "description": "Cannot apply promotion because non-stackable promotion applied first.",
    }

    answer = cart.enter("HIGHER")
    assert discount(answer) == -2000
    assert answer["meta"]["messages"][0] == stack
    assert told(answer)[1:] == [("Discount Added", "custom_item"), ("Discount Deleted", "custom_item")]
    assert cart.enter("LOWER")["meta"]["messages"] == [stack]
    assert told(cart.items()) == []
    cart.ok("DELETE", "/discounts/higher")
    assert discount(cart.items()) == -1000


def test_used_up_codes_are_told(shop: Shop, cart: CartClient, coded: Callable[..., str]):
    promotion = coded({"code": "NONE-LEFT", "uses": 0})
    cart.add(custom_item())
    answer = cart.enter("none-left")
    assert discount(answer) == 0
    assert answer["meta"]["messages"] == [
        {
            "source": {"type": "rule_promotion", "id": promotion, "code": "NONE-LEFT"},
            "title": "Fully Consumed",
            "description": "You've already fully consumed this promotion code",
        }
    ]
    assert told(cart.add(custom_item())) == []


def redeemed(shop: Shop, code: str, **shopper: str) -> str:
    """Redeem a code elsewhere, and return the path of the redemption."""
    body = evaluation_body(type="redemption", codes=[code], shopper=shopper)
    answer = shop.http.post("/v2/rule-promotions/redemptions", json=body)
    assert answer.status_code == 201, answer.text
    return f"/v2/rule-promotions/redemptions/{answer.json()['data']['id']}"


def test_a_code_that_is_used_up_is_not_attached(shop: Shop, cart: CartClient, coded: Callable[..., str]):
    coded({"code": "ONCE", "uses": 1})
    redemption = redeemed(shop, "ONCE")
    cart.add(custom_item())
    assert told(cart.enter("ONCE")) == [("Fully Consumed", "rule_promotion")]
    shop.http.post(f"{redemption}/release")
    assert discount(cart.items()) == 0
    assert discount(cart.enter("ONCE")) == -100


def test_an_attached_code_that_somebody_uses_up_is_told_once_and_revives(
    shop: Shop, cart: CartClient, coded: Callable[..., str]
):
    coded({"code": "ONCE", "uses": 1})
    cart.add(custom_item())
    cart.enter("ONCE")
    redemption = redeemed(shop, "ONCE")

    assert told(cart.items()) == [
        ("Deleted Promotion", "promotion_item"),
        ("Fully Consumed", "rule_promotion"),
        ("Discount Deleted", "custom_item"),
    ]
    assert told(cart.items()) == []
    shop.http.post(f"{redemption}/release")
    assert discount(cart.items()) == -100


def test_limits_per_shopper_look_at_the_shopper_of_the_cart(shop: Shop, cart: CartClient, coded: Callable[..., str]):
    coded({"code": "ONE-EACH", "max_uses_per_shopper": {"max_uses": 1, "includes_guests": True}})
    redeemed(shop, "ONE-EACH", email="Ann@example.com")
    cart.ok("PUT", "", {"contact": {"email": "ann@example.com"}})
    cart.add(custom_item())
    assert told(cart.enter("ONE-EACH")) == [("Fully Consumed", "rule_promotion")]
    cart.ok("PUT", "", {"contact": {"email": "bob@example.com"}})
    assert discount(cart.enter("ONE-EACH")) == -100


def test_uses_bound_applications_in_the_cart(cart: CartClient, coded: Callable[..., str]):
    action = {"strategy": "item_discount", "args": ["percent", 50]}
    rules = {"strategy": "item_sku", "operator": "in", "args": ["a", "b", "c"]}
    coded({"code": "TWICE", "uses": 2, "consume_unit": "per_application"}, action, rules)
    cart.add(custom_item("a"), custom_item("b"), custom_item("c"))
    lines = cart.enter("TWICE")["data"]
    assert [bool(line.get("discounts")) for line in lines] == [True, True, False]


def test_promotions_of_another_currency_are_told(shop: Shop, cart: CartClient):
    promotion = shop.promotion(rule_set={"currencies": ["USD"], "rules": ANYTHING, "actions": [CART_PERCENT]})
    shop.add_codes(promotion, "DOLLARS")
    euros = {"X-MOLTIN-CURRENCY": "EUR"}
    items = {"data": [custom_item(), promotion_item("DOLLARS")]}
    answer = shop.shopper.post(f"{cart.path}/items", json=items, headers=euros)
    assert answer.status_code == 201
    assert answer.json()["meta"]["messages"] == [
        {
            "source": {"type": "promotion", "id": promotion},
            "title": "currency mismatch",
            "description": "discount unavailable in currency EUR",
        }
    ]


def test_catalogs_categories_and_attributes_of_products_are_judged(shop: Shop, cart: CartClient):
    socks = product(
        "p",
        sku="s",
        catalog_id="winter",
        category_ids=["clothes"],
        attributes={"products(socks)": {"brand": "EP"}},
    )
    shop.http.put("/v2/products", json={"data": [socks, product("q", catalog_id="summer")]})
    in_clothes = {
        "strategy": "item_category",
        "operator": "in",
        "args": ["clothes"],
        "children": [
            {"strategy": "item_attribute", "operator": "in", "args": ["products(socks)", "brand", "string", "EP"]}
        ],
    }
    action = {"strategy": "item_discount", "args": ["percent", 50]}
    shop.promotion(automatic=True, rule_set={"catalog_ids": ["winter"], "rules": in_clothes, "actions": [action]})
    answer = cart.add(*({"type": "cart_item", "id": id_, "quantity": 1} for id_ in "pq"), custom_item("s"))
    assert [line["meta"]["display_price"]["discount"]["value"]["amount"] for line in answer["data"]] == [-500, 0, 0]
    assert told(answer) == [("Discount Added", "cart_item")]


def test_promotions_are_shown_beside(shop: Shop, cart: CartClient, coded: Callable[..., str]):
    whole, lines = coded("WHOLE", name="Whole"), coded("LINES", off_sku("sock"), name="Lines", description="Half off")
    cart.add(custom_item("sock"), promotion_item("WHOLE"), promotion_item("LINES"))
    condensed = {
        whole: {"name": "Whole"},
        lines: {"name": "Lines", "description": "Half off"},
    }
    condensed = {
        id_: {
            "type": "promotion",
            "id": id_,
            "automatic": False,
            "promotion_source": "rule-promotion",
            "start": "2024-01-01T00:00:00.000Z",
            "end": "2099-01-01T00:00:00.000Z",
        }
        | named
        for id_, named in condensed.items()
    }

    answer = cart.ok("GET", "?include=promotions")
    assert answer["included"] == {"promotions": [condensed[whole]]}
    assert answer["data"]["relationships"]["promotions"] == {"data": [{"type": "promotion", "id": whole}]}
    answer = cart.ok("GET", "?include=items,promotions")
    assert len(answer["included"]["items"]) == 2
    assert {one["id"]: one for one in answer["included"]["promotions"]} == condensed
    answer = cart.ok("GET", "/items?include=promotions,tax_items")
    assert {one["id"]: one for one in answer["included"]["promotions"]} == condensed
    related = answer["data"][0]["relationships"]["promotions"]["data"]
    assert {one["id"] for one in related} == {whole, lines}
    assert "included" not in cart.ok("GET", "/items")
    assert cart.ok("GET", "?include=items").keys() == {"data", "included"}


# Gifts and suggestions


@pytest.fixture
def gift(shop: Shop) -> str:
    """Makes a mug free for carts of 50.00, added by itself; returns the promotion's id."""
    shop.http.put("/v2/products", json={"data": [product("mug", sku="mug", prices={"USD": 800})]})
    rules = {"strategy": "cart_total", "operator": "gte", "args": [5000]}
    rule_set = {"rules": rules, "actions": [off_sku("mug", 100, auto_add=True, max_items=1)]}
    return shop.promotion(automatic=True, description="A free mug", rule_set=rule_set)


def skus(answer: Any) -> list[tuple[str, int, int | None]]:
    return [(line["sku"], line["quantity"], line.get("auto_add_quantity")) for line in answer["data"]]


def test_gifts_come_and_go_with_what_earns_them(cart: CartClient, gift: str):
    [line] = cart.add(custom_item("sock", 5000))["data"][:1]
    answer = cart.items()
    assert skus(answer) == [("sock", 1, None), ("mug", 1, 1)]
    assert answer["data"][1]["discounts"][0]["amount"]["amount"] == -800
    assert answer["data"][1]["discounts"][0]["code"] == f"auto_{gift}"
    assert answer["meta"]["display_price"]["with_tax"]["amount"] == 5000
    mug = answer["data"][1]

    answer = cart.add(custom_item("boot", 100))
    assert skus(answer) == [("sock", 1, None), ("boot", 1, None), ("mug", 1, 1)]
    assert answer["data"][2] == mug
    answer = cart.ok("DELETE", f"/items/{line['id']}")
    assert skus(answer) == [("boot", 1, None)]


def test_a_gift_that_the_shopper_adds_to_is_the_shopper_s(cart: CartClient, gift: str):
    cart.add(custom_item("sock", 5000))
    answer = cart.add({"type": "cart_item", "sku": "mug", "quantity": 1})
    assert skus(answer) == [("sock", 1, None), ("mug", 2, None)]
    assert discount(answer) == -1600


def test_gifts_that_cannot_be_had_are_told(shop: Shop, cart: CartClient, gift: str):
    suggestion = {
        "promotion_id": gift,
        "code": f"auto_{gift}",
        "info": "A free mug",
        "message": "Gift",
        "auto_add": True,
        "targets": [{"skus": ["mug"], "ids": [], "quantity": 1}],
    }
    euros = {"X-MOLTIN-CURRENCY": "EUR"}
    answer = shop.shopper.post(f"{cart.path}/items", json={"data": custom_item("sock", 5000)}, headers=euros).json()
    assert skus(answer) == [("sock", 1, None)]
    assert answer["errors"] == [
        {
            "title": "Could not add product",
            "status": 400,
            "detail": "This product does not have a price for EUR",
            "meta": {"id": "mug", "sku": "mug"},
        }
    ]
    assert answer["meta"]["promotion_suggestions"] == [suggestion]

    shop.http.delete("/v2/products/mug")
    answer = CartClient(shop, "another").add(custom_item("sock", 5000))
    assert [(error["title"], error["meta"]) for error in answer["errors"]] == [("Product not found", {"sku": "mug"})]
    assert answer["meta"]["promotion_suggestions"] == [suggestion]


def test_a_gift_that_would_cost_something_is_not_added(shop: Shop, cart: CartClient):
    shop.http.put("/v2/products", json={"data": [product("mug", sku="mug", prices={"USD": 800})]})
    rules = {"strategy": "cart_total", "operator": "lte", "args": [1000]}
    rule_set = {"rules": rules, "actions": [off_sku("mug", 100, auto_add=True, max_items=1)]}
    shop.promotion(automatic=True, rule_set=rule_set)
    assert skus(cart.add(custom_item("sock", 1000))) == [("sock", 1, None)]


def test_what_a_promotion_would_be_off_is_suggested(cart: CartClient, coded: Callable[..., str]):
    promotion = coded("MUGS", off_sku("mug", 50, show_suggestions=True, max_items=1), name="Half a mug")
    cart.add(custom_item("sock"))
    answer = cart.enter("MUGS")
    assert answer["meta"]["promotion_suggestions"] == [
        {
            "promotion_id": promotion,
            "code": "MUGS",
            "info": "Half a mug",
            "targets": [{"skus": ["mug"], "ids": [], "quantity": 1}],
        }
    ]
    assert cart.ok("GET")["data"]["meta"]["promotion_suggestions"] == answer["meta"]["promotion_suggestions"]
    answer = cart.add(custom_item("mug"))
    assert (discount(answer), told(answer)) == (-500, [("Discount Added", "custom_item")])
    assert "promotion_suggestions" not in answer["meta"]
