"""People try a promotion: the answer follows what they type."""

import json

import pytest
from playwright.sync_api import Page, expect

from browser_season import HOSTILE, season
from support import Shop, product

TOTAL = {
    "rules": {"strategy": "cart_total", "operator": "gte", "args": [10000]},
    "actions": [{"strategy": "cart_discount", "args": ["percent", 10]}],
}


def write(page: Page, name: str, text: str) -> None:
    page.locator(f'[name="{name}"]').fill(text)


def test_the_answer_follows_what_is_typed(shop: Shop, open_console, look):
    id_ = shop.promotion(name="From a hundred", rule_set=TOTAL)
    shop.add_codes(id_, {"code": "SUNNY", "uses": 3})
    boot = product("p-boot", sku="boot", name="Red boot", prices={"USD": 8000})
    shop.http.put("/v2/products", json={"data": [boot]})
    page = open_console(shop)
    page.goto(f"promotions/{id_}")
    page.get_by_role("link", name="Try it").click()
    answer = page.locator("[data-answer]")
    expect(page.locator('[name="sku-1"]')).to_have_value("boot")
    expect(answer).to_contain_text("It applies")

    write(page, "quantity-1", "1")
    expect(answer).to_contain_text("it comes to 80.00 (add 20.00 more)")
    page.get_by_role("button", name="Add a line").click()
    expect(page.locator('[name="sku-2"]')).to_be_focused()
    page.keyboard.type("boot")
    expect(page.locator('[data-known="2"]')).to_have_text("Red boot")
    expect(answer).to_contain_text("-16.00")
    write(page, "unit_price-2", "19.99")
    expect(page.locator('[data-fault="unit_price-2"]')).to_have_text(
        "Write a whole number of minor units: 1999 for 19.99."
    )
    expect(page.locator('[name="unit_price-2"]')).to_have_attribute("aria-invalid", "true")
    look(page, "try-faults")
    write(page, "unit_price-2", "1999")
    expect(page.locator('[data-fault="unit_price-2"]')).to_be_hidden()
    expect(answer).to_contain_text("it comes to 99.99 (add 0.01 more)")
    page.get_by_role("button", name="Remove line 2").click()
    expect(answer).to_contain_text("it comes to 80.00")
    write(page, "codes", "rainy")
    expect(answer).to_contain_text("Nobody knows this code")
    assert shop.list_codes(id_)[0]["uses"] == 3


def test_what_an_amount_comes_to_is_told_while_it_is_typed(shop: Shop, open_console, complaints, look):
    complaints.expected.append("422")
    id_ = shop.promotion(rule_set=TOTAL)
    page = open_console(shop)
    page.goto(f"promotions/{id_}/try")
    told = page.locator('[id="unit_price-1-hint"]')
    expect(told).to_have_text("= 20.00 USD")

    for typed, currency, said in (
        ("40", "USD", "= 0.40 USD"),
        ("1,234,567", "eur", "= 12,345.67 EUR"),
        ("4000", "JPY", "= 4,000 JPY"),
        ("1500", "KWD", "= 1.500 KWD"),
        ("", "EUR", "Minor units: 1250 is 12.50 EUR"),
        ("4.5", "JPY", "Minor units: 1250 is 1,250 JPY"),
        ("40", "", "= 0.40"),
    ):
        write(page, "unit_price-1", typed)
        write(page, "currency", currency)
        expect(told).to_have_text(said)
        # What the module says is what the page says by itself.
        sent = {"currency": currency, "quantity-1": "1", "sku-1": "tee", "unit_price-1": typed}
        shown = page.evaluate(
            "async ([address, said]) => (await fetch(address, {method: 'POST', body: new URLSearchParams({"
            "...said, form_token: document.querySelector('[name=form_token]').value})})).text()",
            [f"/console/promotions/{id_}/try", sent],
        )
        assert f'id="unit_price-1-hint">{said}<' in shown
    write(page, "unit_price-1", "40")
    page.get_by_role("button", name="Add a line").click()
    expect(page.locator('[id="unit_price-2-hint"]')).to_have_text("Minor units: 1250 is 12.50")
    look(page)


def test_what_is_typed_before_the_module_comes_is_tried_once_it_is_there(shop: Shop, open_console):
    id_ = shop.promotion(rule_set=TOTAL)
    page = open_console(shop)
    page.route("**/amounts.js", lambda route: (write(page, "quantity-1", "1"), route.continue_()))

    page.goto(f"promotions/{id_}/try")

    expect(page.locator("[data-answer]")).to_contain_text("it comes to 20.00 (add 80.00 more)")


def test_the_cart_is_copied_as_json(shop: Shop, open_console):
    id_ = shop.promotion(rule_set=TOTAL)
    page = open_console(shop)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"promotions/{id_}/try")
    page.get_by_text("The cart as JSON", exact=True).click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()

    copied = json.loads(page.evaluate("navigator.clipboard.readText()"))

    assert shop.http.post("/v2/rule-promotions/evaluations", json=copied).status_code == 200
    write(page, "quantity-1", "2")
    expect(page.locator("[data-json]")).to_contain_text('"quantity": 2')
    expect(page.locator("[data-json]")).to_be_visible()


def test_without_modules_the_form_is_sent_and_a_line_can_be_added(shop: Shop, open_console):
    id_ = shop.promotion(rule_set=TOTAL)
    page = open_console(shop)
    page.route("**/try.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.goto(f"promotions/{id_}/try")
    write(page, "unit_price-1", "100")
    write(page, "sku-2", "mug")
    write(page, "quantity-2", "1")
    write(page, "unit_price-2", "300")

    page.get_by_role("button", name="Try it").click()

    expect(page.locator("[data-answer]")).to_contain_text("it comes to 8.00 (add 92.00 more)")
    expect(page.locator('[name="sku-2"]')).to_have_value("mug")
    expect(page.locator('[name="sku-3"]')).to_have_value("")


def test_who_is_signed_out_meanwhile_is_told_and_keeps_what_was_typed(shop: Shop, open_console, complaints):
    complaints.expected.append("401")
    id_ = shop.promotion(rule_set=TOTAL)
    page = open_console(shop)
    page.goto(f"promotions/{id_}/try")
    other = page.context.new_page()
    other.goto("promotions")
    other.get_by_role("button", name="Sign out").click()
    other.get_by_role("heading", name="Sign in").wait_for()

    write(page, "unit_price-1", "777")

    expect(page.get_by_text("You are not signed in any more.")).to_be_visible()
    expect(page.locator('[name="unit_price-1"]')).to_have_value("777")


def test_the_answer_comes_as_soon_as_the_server_can_be_reached_again(shop: Shop, open_console, complaints):
    complaints.expected.append("ERR_INTERNET_DISCONNECTED")
    id_ = shop.promotion(rule_set=TOTAL)
    page = open_console(shop)
    page.goto(f"promotions/{id_}/try")
    page.context.set_offline(True)
    write(page, "quantity-1", "1")
    expect(page.get_by_text("The server does not answer.")).to_be_visible()

    page.context.set_offline(False)

    expect(page.locator("[data-answer]")).to_contain_text("it comes to 20.00")
    expect(page.get_by_text("The server does not answer.")).to_be_hidden()


def test_a_promotion_is_tried_before_it_is_saved(shop: Shop, open_console, complaints, look):
    page = open_console(shop)
    page.goto("promotions/new")
    page.locator('[id="rules.strategy"]').wait_for()
    page.locator("#name").fill("Not yet")
    page.locator('[id="rules.args.0"]').fill("7700")
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Try it").click()
    tried = opened.value
    complaints.listen(tried, str(shop.http.base_url.netloc.decode()))

    expect(tried.get_by_role("heading", level=1)).to_have_text("Try Not yet")
    expect(tried.locator("[data-answer]")).to_contain_text("It applies")
    write(tried, "quantity-1", "1")
    expect(tried.locator("[data-answer]")).to_contain_text("it comes to 20.00 (add 57.00 more)")
    look(tried, "try-draft")
    page.get_by_role("button", name="Create promotion").click()
    page.get_by_role("heading", name="Not yet", level=1).wait_for()


@pytest.mark.parametrize("name", HOSTILE)
def test_names_made_to_do_harm_do_none(shop: Shop, open_console, name: str):
    rules = {"strategy": "item_sku", "operator": "in", "args": [name]}
    id_ = shop.promotion(name=name, rule_set={"rules": rules, "actions": TOTAL["actions"]})
    shop.add_codes(id_, name)
    shop.http.put("/v2/products", json={"data": [product("p", sku=name, name=name)]})
    page = open_console(shop)
    page.goto(f"promotions/{id_}/try")

    write(page, "quantity-1", "3")

    expect(page.locator("[data-answer]")).to_contain_text(f"-3.00 by {name}")
    expect(page.locator('[data-known="1"]')).to_have_text(name)


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_page_can_be_read(shop: Shop, open_console, look, database_url: str, *, dark: bool, phone: bool):
    summer, _ = season(shop, database_url)
    page = open_console(shop, dark=dark, phone=phone)
    page.goto(f"promotions/{summer}/try")
    page.locator('[name="scope"]').select_option("all")
    expect(page.locator("[data-answer]")).to_contain_text("Day of members")
    look(page, "-".join(["try", *(["phone"] if phone else []), "dark" if dark else "light"]))
