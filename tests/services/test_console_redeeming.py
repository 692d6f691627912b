"""Redeeming in the console the cart that was tried."""

import re
from collections.abc import Callable
from html import unescape

import httpx
import pytest

from browser_season import HOSTILE
from support import Shop, evaluation_body
from visitor import Visitor

TOTAL = {
    "rules": {"strategy": "cart_total", "operator": "gte", "args": [10000]},
    "actions": [{"strategy": "cart_discount", "args": ["percent", 10]}],
}
CART = {"currency": "USD", "quantity-1": "2", "unit_price-1": "6000", "sku-1": "tee", "codes": "sunny"}


@pytest.fixture
def promotion(shop: Shop) -> str:
    id_ = shop.promotion(name="From a hundred", rule_set=TOTAL)
    shop.add_codes(id_, {"code": "SUNNY", "uses": 1})
    return id_


def redeem(guest: Visitor, promotion: str, once: str | None = None, **fields: str) -> httpx.Response:
    page = f"/promotions/{promotion}/try"
    drawn = re.search(r'name="once" value="([^"]+)"', guest.shown(page))
    assert drawn is not None
    return guest.post(f"{page}/redeem", **CART | {"once": once or drawn[1]} | fields)


def left(shop: Shop, promotion: str) -> int:
    return shop.list_codes(promotion)[0]["uses"]


def test_a_cart_is_redeemed_and_its_uses_are_given_back(guest: Visitor, promotion: str):
    answer = redeem(guest, promotion, order_id="1001")
    assert answer.status_code == 303, answer.text
    path = answer.headers["location"].removeprefix("/console")
    page = guest.shown(path)
    assert "Order 1001" in page
    assert "-12.00" in page
    assert "108.00" in page
    assert left(guest.shop, promotion) == 0
    usages = guest.shop.http.get(f"/v2/rule-promotions/{promotion}/usages").json()["data"]
    assert [one["order_id"] for one in usages] == ["1001"]

    assert guest.post(f"{path}/release").status_code == 303
    assert guest.post(f"{path}/release").status_code == 303

    assert "The uses are given back." in guest.shown(path)
    assert left(guest.shop, promotion) == 1


def test_a_form_that_is_sent_twice_redeems_once(guest: Visitor, shop: Shop, promotion: str):
    shop.add_codes(promotion, {"code": "RAINY", "uses": 5})

    first, again = (redeem(guest, promotion, "the-same", codes="rainy") for _ in range(2))

    assert first.headers["location"] == again.headers["location"]
    assert {code["code"]: code["uses"] for code in shop.list_codes(promotion)}["RAINY"] == 4
    other = redeem(guest, promotion, "the-same", codes="rainy", **{"quantity-1": "3"})
    assert other.status_code == 422
    assert "You have redeemed another cart with this form." in other.text


def test_the_page_of_a_code_leads_to_a_cart_with_it(guest: Visitor, shop: Shop, promotion: str):
    shop.add_codes(promotion, "50% & <more>")
    code = next(code for code in shop.list_codes(promotion) if code["code"].startswith("50%"))
    link = re.search(
        r'href="/console([^"]+/try\?code=[^"]*)"', guest.shown(f"/promotions/{promotion}/codes/{code['id']}")
    )
    assert link is not None

    assert ">50% &amp; &lt;more&gt;</textarea>" in guest.shown(link[1])


def test_why_nothing_was_redeemed_is_told_and_what_was_typed_stays(guest: Visitor, promotion: str):
    redeem(guest, promotion)

    used_up = redeem(guest, promotion, order_id="<script>")
    faulty = redeem(guest, promotion, **{"quantity-1": "many"})

    assert used_up.status_code == faulty.status_code == 422
    assert "nothing was used" in used_up.text
    assert "SUNNY: " in used_up.text or "sunny: " in used_up.text
    assert 'value="&lt;script&gt;"' in used_up.text
    assert "The cart has faults." in faulty.text


def test_a_hold_of_a_shop_is_confirmed(guest: Visitor, promotion: str):
    body = evaluation_body(codes=["SUNNY"])
    body["data"] |= {"type": "redemption", "items": [{"id": "a", "sku": "tee", "quantity": 1, "unit_price": 20000}]}
    held = guest.shop.http.post("/v2/rule-promotions/redemptions", json=body).json()["data"]
    path = f"/redemptions/{held['id']}"
    assert "The uses are held until" in guest.shown(path)

    guest.post(f"{path}/confirm")

    page = guest.shown(path)
    assert "The uses are held until" not in page
    assert "Confirmed" in page
    assert left(guest.shop, promotion) == 0


def test_a_redemption_of_another_store_is_not_there(guest: Visitor, new_shop: Callable[..., Shop]):
    other_shop = new_shop()
    body = evaluation_body()
    body["data"] |= {"type": "redemption"}
    theirs = other_shop.http.post("/v2/rule-promotions/redemptions", json=body).json()["data"]["id"]

    assert guest.get(f"/redemptions/{theirs}").status_code == 404
    assert guest.get(f"/redemptions/{theirs}/release").status_code == 404
    assert guest.post(f"/redemptions/{theirs}/release").status_code == 404
    assert guest.get("/redemptions/nonsense").status_code == 404
    state = other_shop.http.get(f"/v2/rule-promotions/redemptions/{theirs}").json()["data"]["state"]
    assert state == "held"


SHOPPER = {"customer_id": "c-7", "email": "ann@example.com", "account_id": "acme"}


def facts(page: str) -> dict[str, str]:
    """Return what a page tells of a redemption, by name."""
    return {
        name: unescape(re.sub(r"<[^>]+>", "", value))
        for name, value in re.findall(r"<dt>([^<]*)</dt><dd[^>]*>(.*?)</dd>", page)
    }


def test_a_redemption_tells_whose_it_is_and_what_became_of_each_line(guest: Visitor, promotion: str):
    lines = {"sku-2": "mug", "quantity-2": "1", "unit_price-2": "3000"}
    made = redeem(guest, promotion, order_id="1001", **lines, **SHOPPER)

    page = guest.shown(made.headers["location"].removeprefix("/console"))

    told = facts(page)
    assert (told["Order"], told["Customer"]) == ("1001", "c-7")
    assert (told["E-mail address"], told["Account"]) == ("ann@example.com", "acme")
    rows = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL)]
    assert unescape(rows[1]) == "tee \N{MULTIPLICATION SIGN} 2 -12.00 by From a hundred 120.00 -12.00 108.00"
    assert unescape(rows[2]) == "mug \N{MULTIPLICATION SIGN} 1 -3.00 by From a hundred 30.00 -3.00 27.00"


def test_a_hold_tells_whose_it_is_and_whom_nobody_named_is_not_made_up(guest: Visitor, promotion: str):
    guest.shop.add_codes(promotion, "CLOUDY")

    def page(*codes: str, **shopper: str) -> dict[str, str]:
        body = evaluation_body(type="redemption", codes=[*codes], shopper=shopper)
        body["data"]["items"] = [{"id": "a", "sku": "tee", "quantity": 1, "unit_price": 20000}]
        made = guest.shop.http.post("/v2/rule-promotions/redemptions", json=body).json()["data"]["id"]
        return facts(guest.shown(f"/redemptions/{made}"))

    assert page("CLOUDY", email="bob@example.com")["E-mail address"] == "bob@example.com"
    assert page("CLOUDY")["Shopper"] == "Nobody was named"
    assert page()["Shopper"] == "Not kept: nothing was used"


def test_who_was_forgotten_is_not_named(guest: Visitor, promotion: str):
    path = redeem(guest, promotion, **SHOPPER).headers["location"].removeprefix("/console")
    body = {"data": {"customer_email": SHOPPER["email"]}}
    assert guest.shop.http.post("/v2/rule-promotions/usages/anonymize", json=body).status_code == 200

    page = guest.shown(path)

    assert SHOPPER["email"] not in page
    assert facts(page)["E-mail address"] == "Forgotten"


@pytest.mark.parametrize("name", HOSTILE)
def test_orders_shoppers_and_lines_are_only_ever_text(guest: Visitor, promotion: str, name: str):
    path = redeem(
        guest, promotion, order_id=name, customer_id=name, account_id=name, **{"sku-1": name}
    ).headers["location"].removeprefix("/console")  # fmt: skip

    for page in (guest.shown(path), guest.shown(f"{path}/release")):
        assert name not in page
        assert name in unescape(page)


def test_before_uses_are_given_back_it_is_asked(guest: Visitor, promotion: str):
    path = redeem(guest, promotion, order_id="1001").headers["location"].removeprefix("/console")

    assert f'href="/console{path}/release"' in guest.shown(path)
    question = guest.shown(f"{path}/release")

    assert "Give the uses of order “1001” back?" in question
    assert "<code>SUNNY</code></strong>: 1 use given back" in question
    assert left(guest.shop, promotion) == 0
    guest.post(f"{path}/release")
    assert left(guest.shop, promotion) == 1
    assert guest.get(f"{path}/release").headers["location"] == f"/console{path}"
    assert f"{path}/release" not in guest.shown(path)
