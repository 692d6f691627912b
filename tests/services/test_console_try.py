"""Trying a promotion on a cart in the console."""

import json
import re
from html import unescape
from pathlib import Path
from typing import Any, get_args

import pytest

from browser_season import HOSTILE
from couponry.console import words
from couponry.domain.outcome import Reason
from support import Shop, evaluation_body, product
from visitor import Visitor

TOTAL = {"strategy": "cart_total", "operator": "gte", "args": [10000]}
TEN_PERCENT = [{"strategy": "cart_discount", "args": ["percent", 10]}]
FIELD = re.compile(r'<input id="([^"]+)" name="[^"]+" value="([^"]*)"')
AREA = re.compile(r'<textarea id="([^"]+)"[^>]*>([^<]*)</textarea>')


def form_on(page: str) -> dict[str, str]:
    """Return what the form of a page says, without the line that is kept for new ones."""
    page = page.partition("data-spare")[0] + page.partition('id="codes-and-shopper"')[2]
    return {name: unescape(value) for name, value in [*FIELD.findall(page), *AREA.findall(page)]}


def words_of(html: str) -> str:
    """Return what a person reads of a piece of a page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def told(guest: Visitor, promotion: str, **fields: str) -> dict[str, Any]:
    """Send a form as the module does and return the answer."""
    said = {"currency": "USD", "quantity-1": "1", "unit_price-1": "12000", "sku-1": "tee"} | fields
    answer = guest.post(f"/promotions/{promotion}/try/answer", **said)
    assert answer.status_code == 200, answer.text
    return answer.json() | {"words": words_of(answer.json()["html"])}


def document(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the cart that can be copied."""
    found = re.search(r"<code data-json>(.*?)</code>", answer["html"], re.DOTALL)
    assert found, answer
    return json.loads(unescape(found[1]))


STRATEGIES = Path(__file__).parents[2] / "docs/strategies.md"
EXAMPLES = [
    one
    for block in re.findall(r"```json promotions\n(.*?)```", STRATEGIES.read_text(), re.DOTALL)
    for one in json.loads(block)
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one["name"])
def test_the_cart_that_is_shown_first_is_one_that_the_promotion_applies_to(guest: Visitor, example: dict[str, Any]):
    page = guest.shown(f"/promotions/{guest.shop.promotion(**example)}/try")

    gift = example["rule_set"]["actions"][0].get("limitations", {}).get("items", {}).get("auto_add")
    assert ("is added as a gift" if gift else ">It applies<") in page, words_of(page)
    said = words_of(page.partition("<h3>Why</h3>")[2].partition("<details")[0])
    assert not re.search(r"item_|cart_|_discount|\(\)|None|\{|Unset", said), said


def test_a_code_that_exists_is_entered_and_nothing_is_used(guest: Visitor):
    id_ = guest.shop.promotion(rule_set={"rules": TOTAL, "actions": TEN_PERCENT})
    guest.shop.add_codes(id_, {"code": "SUNNY", "uses": 1})

    page = guest.shown(f"/promotions/{id_}/try")

    form = form_on(page)
    assert (form["codes"], form["quantity-1"], form["unit_price-1"]) == ("SUNNY", "5", "2000")
    assert "100.00 Discount -10.00 To pay 90.00 USD" in words_of(page)
    assert "Yes The cart comes to 100.00 or more : it comes to 100.00" in words_of(page)
    assert told(guest, id_, **form)["words"].count("-10.00 by Ten percent off") == 1
    assert guest.shop.list_codes(id_)[0]["uses"] == 1


def test_the_cart_can_be_copied_to_the_api_which_answers_the_same(guest: Visitor):
    rules = {"strategy": "and", "children": [
        TOTAL,
        {"strategy": "account_tags", "operator": "contains_any", "args": ["vip", "eu"]},
        {"strategy": "cart_custom_attribute", "operator": "gt", "args": ["visits", "integer", 3]},
        {"strategy": "item_attribute", "operator": "in", "args": ["products(shoes)", "size", "integer", 42]},
    ]}  # fmt: skip
    actions = [*TEN_PERCENT, {"strategy": "shipping_discount", "args": ["percent", 100]}]
    id_ = guest.shop.promotion(rule_set={"rules": rules, "actions": actions, "currencies": ["eur"]})
    guest.shop.add_codes(id_, "ALL")

    form = form_on(guest.shown(f"/promotions/{id_}/try"))
    answer = told(guest, id_, **form, scope="all", at="2030-05-06T07:08")

    said = document(answer)
    assert said["data"]["at"] == "2030-05-06T07:08:00.000Z"
    assert said["data"]["custom_attributes"] == {"visits": {"type": "integer", "value": 4}}
    assert said["data"]["items"][0]["attributes"] == {"products(shoes)": {"size": 42}}
    judged = guest.shop.http.post("/v2/rule-promotions/evaluations", json=said).json()["data"]
    assert [one["code"] for one in judged["applied"]] == ["ALL"]
    assert judged["totals"] == {"without_discount": 10000, "discount": -1000, "with_discount": 9000,
                                "shipping": 500, "shipping_discount": -500}  # fmt: skip
    assert "100.00 Discount -10.00 To pay 90.00 EUR Shipping 5.00, -5.00 = 0.00" in answer["words"]


def test_every_reason_has_words():
    assert set(words.REASONS) == set(get_args(Reason))


def test_what_is_missing_is_told_with_money_as_people_write_it(guest: Visitor):
    id_ = guest.shop.promotion(rule_set={"rules": TOTAL, "actions": TEN_PERCENT})

    said = told(guest, id_, **{"unit_price-1": "9300"})["words"]

    assert "The cart does not qualify" in said
    assert "No The cart comes to 100.00 or more : it comes to 93.00 (add 7.00 more)" in said


def test_what_a_cart_has_is_told_beside_what_is_asked(guest: Visitor):
    rules = {"strategy": "and", "children": [
        {"strategy": "account_tags", "operator": "contains_all", "args": ["vip", "eu"]},
        {"strategy": "cart_custom_attribute", "operator": "gt", "args": ["visits", "integer", 3]},
    ]}  # fmt: skip
    id_ = guest.shop.promotion(rule_set={"rules": rules, "actions": TEN_PERCENT})

    nothing = told(guest, id_)["words"]
    some = told(guest, id_, account_tags="vip\nus", **{"custom-0": "3"})["words"]

    assert "the tags “vip” and “eu” (the cart has no account)" in nothing
    assert "is more than 3 (the cart has no integer attribute visits)" in nothing
    assert "the tags “vip” and “eu” : the account has “vip” and “us” (the account lacks eu)" in some
    assert "of the cart is more than 3 : it is 3" in some


def test_nested_conditions_and_bundles_are_told_part_by_part(guest: Visitor):
    shoes = {"strategy": "item_category", "operator": "in", "args": ["shoes"]}
    socks = {"strategy": "item_sku", "operator": "in", "args": ["socks"]}
    pair = {"strategy": "and", "children": [socks, {"strategy": "item_quantity", "operator": "gte", "args": [2]}]}
    rules = {"strategy": "or", "children": [
        {"strategy": "items_bundle", "children": [shoes, pair]},
        {"strategy": "item_price", "operator": "gt", "args": [50000]},
    ]}  # fmt: skip
    id_ = guest.shop.promotion(rule_set={"rules": rules, "actions": TEN_PERCENT})

    said = told(guest, id_, **{"sku-1": "socks", "unit_price-1": "500"})["words"]

    assert "No Any of these No The cart has together 1 unit of items in “shoes” and 2 units of items" in said
    assert "it has 0 and 1 units of them" in said
    assert "No 1 unit of items in “shoes” : it has 0 units (1 more unit)" in said
    assert "No 2 units of items whose SKU is “socks” : it has 1 unit (1 more unit)" in said
    assert "No The cart has an item costing more than 500.00 : socks costs 5.00" in said


def test_why_a_code_gives_nothing_is_told(guest: Visitor):
    shop = guest.shop
    id_ = shop.promotion(name="Mine")
    other = shop.promotion(name="Other")
    shop.add_codes(
        id_,
        {"code": "EMPTY", "uses": 0},
        {"code": "ANNS", "user": "ann@example.com"},
        {"code": "ONCE", "max_uses_per_shopper": {"max_uses": 1}},
        {"code": "FIRST", "is_for_new_shopper": True},
    )
    shop.add_codes(other, "THEIRS")
    redemption = evaluation_body(type="redemption", codes=["FIRST"], shopper={"email": "ann@example.com"})
    assert shop.http.post("/v2/rule-promotions/redemptions", json=redemption).status_code == 201

    for fields, reason in (
        ({"codes": "EMPTY"}, "The code has no uses left"),
        ({"codes": "ANNS", "email": "ben@example.com"}, "The code is for somebody else"),
        ({"codes": "ONCE"}, "The code is not for guests"),
        ({"codes": "FIRST"}, "The code asks guests for an e-mail address"),
        ({"codes": "FIRST", "email": "ann@example.com"}, "The code is for first orders"),
        ({"codes": "NOBODYS"}, "Nobody knows this code"),
        ({"codes": "THEIRS"}, "Not a code of this promotion"),
        ({"codes": "THEIRS"}, "It was not asked for"),
        ({"codes": "THEIRS", "scope": "all"}, "Other THEIRS It applies"),
        ({"codes": "FIRST", "email": "ann@example.com", "new_shopper": "on"}, "Mine FIRST It applies"),
        ({"codes": "ONCE", "customer_id": "ann", "new_shopper": "on"}, "Mine ONCE It applies"),
        ({"codes": "once\nANNS", "email": "ANN@example.com", "customer_id": "x"}, "Mine ONCE It applies -12.00"),
        ({}, "judged as though one without limits were"),
    ):
        assert reason in told(guest, id_, **fields)["words"], (fields, told(guest, id_, **fields)["words"])


def test_a_promotion_that_does_not_run_is_explained_and_can_be_tried_all_the_same(guest: Visitor):
    id_ = guest.shop.promotion(enabled=False, start="2030-01-01", end="2031-01-01")
    at = "2030-06-01T00:00"

    assert "It is disabled" in told(guest, id_)["words"]
    assert "It has not started yet" in told(guest, id_, as_enabled="on")["words"]
    assert "It has ended" in told(guest, id_, as_enabled="on", at="2031-01-01T00:00:00")["words"]
    assert "It is disabled" in told(guest, id_, at=at)["words"]
    for scope in ("alone", "all"):
        guest.shop.add_codes(id_, "SOON")
        assert "It applies -12.00" in told(guest, id_, as_enabled="on", at=at, scope=scope, codes="soon")["words"]
    assert not guest.shop.http.get(f"/v2/rule-promotions/{id_}").json()["data"]["enabled"]


def test_all_promotions_of_the_store_take_part_when_asked_to(guest: Visitor):
    guest.shop.promotion(name="Always", automatic=True, priority=9, stackable=False)
    id_ = guest.shop.promotion(name="Mine", automatic=True)

    alone, together = told(guest, id_), told(guest, id_, scope="all")

    assert "Always" not in alone["words"]
    assert "Mine It applies -12.00" in alone["words"]
    assert "Mine It does not stack with what applied before" in together["words"]
    assert "Always It applies -12.00" in together["words"]
    assert together["words"].index("Mine It does") < together["words"].index("Always It applies")


def test_products_of_the_store_fill_in_what_a_line_leaves_open(guest: Visitor):
    shoes = {"strategy": "item_category", "operator": "in", "args": ["shoes"]}
    id_ = guest.shop.promotion(rule_set={"rules": shoes, "actions": TEN_PERCENT})
    boot = product("p-boot", sku="boot", name="Red boot", prices={"USD": 8000}, category_ids=["boots", "shoes"])
    guest.shop.http.put("/v2/products", json={"data": [boot]})

    answer = told(guest, id_, **{"sku-1": "boot", "unit_price-1": ""})
    own = told(guest, id_, **{"sku-1": "boot", "unit_price-1": "100", "category_ids-1": "sandals"})

    assert answer["known"] == {"1": "Red boot"}
    [line] = document(answer)["data"]["items"]
    assert (line["product_id"], line["unit_price"], line["category_ids"]) == ("p-boot", 8000, ["boots", "shoes"])
    assert "Red boot \N{MULTIPLICATION SIGN} 1 -8.00 by Ten percent off 80.00 -8.00 72.00" in answer["words"]
    assert document(own)["data"]["items"][0]["category_ids"] == ["sandals"]
    assert "Red boot has “sandals”" in own["words"]
    assert '<option value="boot">Red boot</option>' in guest.shown(f"/promotions/{id_}/try")


def test_a_cart_for_anything_is_of_the_store_s_products(guest: Visitor):
    id_ = guest.shop.promotion(rule_set={"rules": TOTAL, "actions": TEN_PERCENT})
    guest.shop.http.put("/v2/products", json={"data": [product("a", sku="mug", prices={"USD": 1500})]})

    form = form_on(guest.shown(f"/promotions/{id_}/try"))

    assert (form["sku-1"], form["unit_price-1"], form["quantity-1"]) == ("mug", "1500", "7")


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({"unit_price-1": "12.50"}, {"unit_price-1": "Write a whole number of minor units: 1250 for 12.50."}),
        ({"unit_price-1": ""}, {"unit_price-1": "No product with this SKU is known. Type a price."}),
        ({"unit_price-1": "12.50", "currency": "JPY"}, {"unit_price-1": "Write a whole number of minor units."}),
        ({"unit_price-1": "1.5", "currency": "KWD"},
         {"unit_price-1": "Write a whole number of minor units: 1500 for 1.5."}),
        ({"unit_price-1": "", "sku-1": "", "product_id-1": "p"},
         {"unit_price-1": "Type a price: without a SKU, no product says one."}),
        ({"quantity-1": "0"}, {"quantity-1": "At least 1."}),
        ({"quantity-1": ""}, {"quantity-1": "Fill this in."}),
        ({"at": "soon"}, {"at": "Write a date and a time."}),
        ({"email": "x" * 321}, {"email": "At most 320 characters."}),
        ({"customer_id": "x" * 256}, {"customer_id": "At most 255 characters."}),
        ({"codes": "\n".join(f"C{n}" for n in range(101))}, {"codes": "Name at most 100."}),
        ({"base_price": "free"}, {"base_price": "Write a whole number of minor units."}),
        ({"sku-3": "", "quantity-3": "1", "sku-7": "b", "quantity-7": "x", "unit_price-7": "1"},
         {"quantity-7": "Write a whole number."}),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(
    guest: Visitor, fields: dict[str, str], faults: dict[str, str]
):
    id_ = guest.shop.promotion()
    said = {"currency": "USD", "quantity-1": "1", "unit_price-1": "12000", "sku-1": "tee"} | fields

    answer = told(guest, id_, **fields)
    page = guest.post(f"/promotions/{id_}/try", **said)

    assert (answer["faults"], answer["others"]) == (faults, [])
    assert "Mend what is marked" in answer["words"]
    assert page.status_code == 422
    [(name, message)] = faults.items()
    assert f'id="{name}-fault" data-fault="{name}">{message}</p>' in page.text
    assert re.search(rf'id="{name}"[^>]*aria-invalid="true"', page.text)
    assert form_on(page.text).items() >= {
        (name, value) for name, value in said.items() if "3" not in name and name != "at"
    }


def test_a_product_without_a_price_in_the_currency_says_what_is_missing(guest: Visitor):
    id_ = guest.shop.promotion()
    guest.shop.http.put("/v2/products", json={"data": [product("b", sku="boot", prices={"USD": 8000})]})

    asked = {"sku-1": "boot", "unit_price-1": ""}

    missing = "No price in EUR is known for this product. Type one."
    assert told(guest, id_, **asked, currency="eur")["faults"] == {"unit_price-1": missing}
    assert told(guest, id_, **asked)["faults"] == {}


@pytest.mark.parametrize(
    ("currency", "typed", "said"),
    [
        ("USD", "40", "= 0.40 USD"),
        ("usd", "1,250", "= 12.50 USD"),
        ("JPY", "4000", "= 4,000 JPY"),
        ("KWD", "1500", "= 1.500 KWD"),
        ("CLF", "15000", "= 1.5000 CLF"),
        ("EUR", "", "Minor units: 1250 is 12.50 EUR"),
        ("JPY", "4.5", "Minor units: 1250 is 1,250 JPY"),
        ("", "40", "= 0.40"),
    ],
)
def test_what_an_amount_comes_to_stands_beside_it(guest: Visitor, currency: str, typed: str, said: str):
    form = {"currency": currency, "quantity-1": "1", "sku-1": "tee", "unit_price-1": typed, "base_price": typed}

    page = guest.post(f"/promotions/{guest.shop.promotion()}/try", **form).text

    for field in ("unit_price-1", "base_price"):
        assert f'<p class="hint" id="{field}-hint">{said}</p>' in page
        assert re.search(rf'id="{field}"[^>]*aria-describedby="[^"]*{field}-hint', page)


@pytest.mark.parametrize(
    ("currency", "said"),
    [
        ("JPY", "Before 12,000 Discount -1,200 To pay 10,800 JPY"),
        ("KWD", "Before 12.000 Discount -1.200 To pay 10.800 KWD"),
        ("EUR", "Before 120.00 Discount -12.00 To pay 108.00 EUR"),
    ],
)
def test_amounts_have_the_decimals_of_the_cart_s_currency(guest: Visitor, currency: str, said: str):
    id_ = guest.shop.promotion(rule_set={"rules": TOTAL, "actions": TEN_PERCENT})

    answer = told(guest, id_, currency=currency)["words"]

    assert answer.startswith(said)
    [of_cart] = re.findall(r"The cart comes to (\S+) or more : it comes to (\S+)", answer)
    assert of_cart == {"JPY": ("10,000", "12,000"), "KWD": ("10.000", "12.000"), "EUR": ("100.00", "120.00")}[currency]


def test_a_line_is_called_as_its_product_where_that_tells_it_apart(guest: Visitor):
    id_ = guest.shop.promotion()
    lines = {
        "sku-1": "tee", "sku-2": "mug", "quantity-2": "1", "unit_price-2": "1",
        "sku-3": "mug", "quantity-3": "1", "unit_price-3": "1",
        "sku-4": "line-1", "quantity-4": "1", "unit_price-4": "1",
        "quantity-5": "1", "unit_price-5": "1", "sku-6": "x" * 256, "quantity-6": "1", "unit_price-6": "1",
        "shipping_type": "standard",
    }  # fmt: skip

    said = document(told(guest, id_, **lines))["data"]

    ids = ["tee", "line-2", "line-3", "line-4", "line-5", "line-6"]
    assert [item["id"] for item in said["items"]] == ids
    assert said["shipping_groups"][0]["item_ids"] == ids


def test_a_currency_that_is_none_is_told(guest: Visitor):
    assert set(told(guest, guest.shop.promotion(), currency="E")["faults"]) == {"currency"}


@pytest.mark.parametrize("name", HOSTILE)
def test_names_skus_and_codes_are_only_ever_text(guest: Visitor, name: str):
    rules = {"strategy": "or", "children": [
        {"strategy": "item_sku", "operator": "in", "args": [name]},
        {"strategy": "item_attribute", "operator": "in", "args": [name, name, "string", name]},
        {"strategy": "account_tags", "operator": "contains_any", "args": [name]},
    ]}  # fmt: skip
    id_ = guest.shop.promotion(name=name, rule_set={"rules": rules, "actions": TEN_PERCENT})
    guest.shop.add_codes(id_, name)
    guest.shop.http.put("/v2/products", json={"data": [product("p", sku=name, name=name)]})
    page = guest.shown(f"/promotions/{id_}/try")

    shown = [
        page,
        guest.post(f"/promotions/{id_}/try", **form_on(page)).text,
        told(guest, id_, **form_on(page))["html"],
    ]

    assert form_on(page)["sku-1"] == name
    for text in shown:
        assert "<script>" not in text
        assert "<img" not in text


def test_only_who_is_signed_in_tries_and_only_what_is_the_store_s(guest: Visitor, new_shop: Any):
    other: Shop = new_shop()
    foreign = other.promotion(name="Foreign")
    other.add_codes(foreign, "THEIRS")
    id_ = guest.shop.promotion()

    assert guest.get(f"/promotions/{foreign}/try").status_code == 404
    for end in ("try", "try/answer"):
        assert guest.post(f"/promotions/{foreign}/{end}").status_code == 404
        assert guest.post(f"/promotions/{id_}/{end}", form_token="0" * 64).status_code == 403
        assert guest.post(f"/promotions/{id_}/{end}", origin="https://evil.example").status_code == 403
    assert "Nobody knows this code" in told(guest, id_, codes="THEIRS", scope="all")["words"]
    guest.http.cookies.clear()
    assert guest.get(f"/promotions/{id_}/try").status_code == 303
    for end in ("try", "try/answer"):
        assert guest.post(f"/promotions/{id_}/{end}", form_token="0" * 64).status_code == 303


DRAFT = {
    "name": "Soon",
    "start": "2090-01-01T00:00",
    "end": "2091-01-01T00:00",
    "stackable": "on",
    "rule_set": json.dumps({"rules": TOTAL, "actions": TEN_PERCENT}),
}


def test_what_stands_in_the_form_of_a_promotion_is_tried_unsaved(guest: Visitor):
    id_ = guest.shop.promotion(name="As it is")
    guest.shop.add_codes(id_, "KEPT")

    for whose in ("new", id_):
        page = guest.post(f"/promotions/{whose}/try", **DRAFT)
        assert page.status_code == 200
        assert "Try Soon As it stands in its form, which is not saved." in words_of(page.text)
        assert ">It applies<" in page.text
        form = form_on(page.text) | dict(re.findall(r'id="(at)" name="at" value="([^"]+)"', page.text))
        assert form["codes"] == ("" if whose == "new" else "KEPT")
        assert form["at"] == "2090-01-01T00:00:00"
        found = re.search(r'name="draft" value="([^"]+)"', page.text)
        assert found
        again = form | {"draft": unescape(found[1])}
        assert "It is disabled" in told(guest, whose, **again)["words"]
        assert "Soon It applies" in told(guest, whose, **again, as_enabled="on")["words"].replace("KEPT ", "")
        assert "Soon" in told(guest, whose, **again, as_enabled="on", scope="all")["words"]
        assert "It has not started yet" in told(guest, whose, **again | {"at": ""}, as_enabled="on")["words"]
    stored = guest.shop.http.get("/v2/rule-promotions").json()["data"]
    assert [one["name"] for one in stored] == ["As it is"]


def test_a_form_that_is_no_promotion_yet_cannot_be_tried(guest: Visitor):
    answer = guest.post("/promotions/new/try", **DRAFT | {"rule_set": "{"})
    most = [{"strategy": "cart_discount", "args": ["percent", 120]}]
    faulty = guest.post(
        "/promotions/new/try", **DRAFT | {"name": "", "rule_set": json.dumps({"rules": TOTAL, "actions": most})}
    )

    assert (answer.status_code, faulty.status_code) == (400, 400)
    assert "<p>Rules: This is not JSON.</p>" in answer.text
    assert "<p>Name: Fill this in.</p>" in faulty.text
    assert "<p>What they get 1, Percent off: At most 100.</p>" in faulty.text
    assert "There is nothing here" in guest.get("/promotions/new/try").text


def test_a_draft_of_another_store_s_promotion_is_not_tried(guest: Visitor, new_shop: Any):
    assert guest.post(f"/promotions/{new_shop().promotion()}/try", **DRAFT).status_code == 404
