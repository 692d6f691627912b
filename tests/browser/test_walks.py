"""People walk through the console: by keyboard, on a phone, in the dark, and with names made to do harm."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from browser_season import HOSTILE, season
from support import Shop


def rule_set(page: Page) -> Any:
    return json.loads(page.locator("#rule_set").input_value())


def pick(page: Page, id_: str, value: str) -> None:
    page.locator(f'[id="{id_}"]').select_option(value)


def write(page: Page, id_: str, text: str) -> None:
    page.locator(f'[id="{id_}"]').fill(text)


def test_who_has_only_a_keyboard_comes_in_finds_a_promotion_and_leaves(shop: Shop, open_console):
    shop.promotion(name="Summer")
    page = open_console(shop, sign_in=False)

    expect(page.get_by_label("Client id")).to_be_focused()
    page.keyboard.type(shop.client_id)
    page.keyboard.press("Tab")
    page.keyboard.type(shop.client_secret)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Promotions", level=1).wait_for()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Summer":
            break
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Summer", level=1).wait_for()
    page.get_by_role("button", name="Sign out").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Sign in").wait_for()
    page.goto("promotions")
    page.get_by_role("heading", name="Sign in").wait_for()


def test_a_wrong_secret_is_told(shop: Shop, open_console, complaints, look):
    complaints.expected.append("403")
    page = open_console(shop, sign_in=False)

    page.get_by_label("Client id").fill(shop.client_id)
    page.get_by_label("Client secret").fill("guessed")
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("alert")).to_contain_text("No client has this id and secret")
    look(page)


def test_a_promotion_is_built_mended_and_stored(shop: Shop, open_console, complaints, look):
    complaints.expected.append("422")
    page = open_console(shop)
    page.get_by_role("link", name="New promotion").first.click()
    reading = page.locator("[data-sentence]")
    expect(reading).to_have_text("When the cart comes to 50.00 or more, take 10\N{NO-BREAK SPACE}% off the cart.")

    pick(page, "rules.strategy", "and")
    pick(page, "rules.children.0.strategy", "item_category")
    write(page, "rules.children.0.args", "shoes\nboots")
    page.locator('[id="add-rules.children"]').click()
    pick(page, "rules.children.1.strategy", "or")
    pick(page, "rules.children.1.children.0.strategy", "account_tags")
    write(page, "rules.children.1.children.0.args", "member")
    page.locator('[id="add-rules.children.1.children"]').click()
    pick(page, "rules.children.1.children.1.strategy", "cart_custom_attribute")
    write(page, "rules.children.1.children.1.args.0", "visits")
    pick(page, "rules.children.1.children.1.args.1", "integer")
    write(page, "rules.children.1.children.1.args-values", "7")
    pick(page, "actions.0.strategy", "item_discount")
    write(page, "actions.0.args.1", "120")
    page.get_by_role("button", name="Add limits").click()
    write(page, "actions.0.limitations.max_discount", "2500")

    fault = page.locator('[data-path="actions.0.args.1"] .fault')
    expect(fault).to_have_text("At most 100.")
    expect(page.locator('[id="actions.0.args.1"]')).to_have_attribute("aria-invalid", "true")
    look(page)
    page.get_by_role("button", name="Create promotion").click()
    expect(page.get_by_role("alert")).to_contain_text("Fill this in.")
    expect(page.locator("#name")).to_have_attribute("aria-invalid", "true")
    expect(fault).to_have_text("At most 100.")
    look(page, "promotion-faults")

    page.locator("#name").fill("Boots for members")
    write(page, "actions.0.args.1", "12.5")
    expect(reading).to_have_text(
        "When the cart has an item in “shoes” or “boots” and (the account has the tag “member” or the attribute"
        " “visits” of the cart is exactly 7), take 12.5\N{NO-BREAK SPACE}% off the items that matched, at most 25.00"
        " in total."
    )
    page.get_by_role("button", name="Create promotion").click()
    page.get_by_role("heading", name="Boots for members", level=1).wait_for()

    id_ = page.url.rpartition("/")[2]
    made = shop.http.get(f"/v2/rule-promotions/{id_}").json()["data"]["rule_set"]
    assert made["rules"]["children"][1]["children"][1]["args"] == ["visits", "integer", 7]
    assert made["actions"] == [
        {"strategy": "item_discount", "args": ["percent", 12.5], "limitations": {"max_discount": 2500}}
    ]


def test_the_json_and_the_fields_say_the_same(shop: Shop, open_console):
    page = open_console(shop)
    page.goto("promotions/new")
    page.locator('[id="rules.strategy"]').wait_for()
    page.get_by_text("As JSON", exact=True).click()
    changed = {
        "rules": {"strategy": "item_identifier", "operator": "nin", "args": [{"skus": ["a"], "ids": []}]},
        "actions": [{"strategy": "item_discount", "args": ["fixed_price", 3, 5000]}],
    }
    page.locator("#rule_set").fill(json.dumps(changed))

    expect(page.locator('[id="rules.args.0.skus"]')).to_have_value("a")
    expect(page.locator('[id="actions.0.args.1"]')).to_have_value("3")
    write(page, "rules.args.0.ids", "p-1\np-2")
    assert rule_set(page)["rules"]["args"] == [{"skus": ["a"], "ids": ["p-1", "p-2"]}]
    expect(page.locator("[data-sentence]")).to_contain_text("is not “a”, “p-1” or “p-2”")
    page.locator("#rule_set").fill("{")
    expect(page.locator(".builder > .fault")).to_have_text("This is not JSON.")


@pytest.mark.parametrize(
    ("text", "said", "told"),
    [
        ("1,000", 1000, "comes to 10.00 or more"),
        ("1,234,500", 1_234_500, "comes to 12,345.00 or more"),
        ("1,5", "1,5", "Mend what is marked below"),
        ("1,,0", "1,,0", "Mend what is marked below"),
        ("1.000,5", "1.000,5", "Mend what is marked below"),
    ],
)
def test_commas_between_thousands_alone_are_taken(shop: Shop, open_console, text: str, said: int | str, told: str):
    page = open_console(shop)
    page.goto("promotions/new")
    write(page, "rules.args.0", text)
    assert rule_set(page)["rules"]["args"] == [said]
    expect(page.locator("[data-sentence]")).to_contain_text(told)


@pytest.mark.parametrize(
    ("currencies", "text", "told"),
    [
        ("", "49.99", "Minor units: 4999 for 49.99"),
        ("", "50.00", "Minor units: 5000 for 50.00"),
        ("EUR", "4,5", "Minor units: 450 for 4,5"),
        ("KWD", "1.5", "Minor units: 1500 for 1.5"),
        ("JPY", "1.5", ""),
        ("USD\nJPY", "1.50", ""),
    ],
)
def test_an_amount_with_cents_is_never_taken_for_minor_units(
    shop: Shop, open_console, currencies: str, text: str, told: str
):
    page = open_console(shop)
    page.goto("promotions/new")
    write(page, "currencies", currencies)
    write(page, "rules.args.0", text)

    expect(page.locator('[id="rules.args.0-hint"]')).to_have_text(told)
    expect(page.locator('[data-path="rules.args"] .fault, [data-path="rules.args.0"] .fault')).to_have_text(
        "Write a whole number."
    )
    assert rule_set(page)["rules"]["args"] == [text]


def test_what_amounts_come_to_is_told_in_the_currencies_that_are_named(shop: Shop, open_console, look):
    page = open_console(shop)
    page.goto("promotions/new")
    told = page.locator('[id="rules.args.0-hint"]')
    expect(told).to_have_text("= 50.00 in a currency with cents")
    write(page, "rules.args.0", "40")
    expect(told).to_have_text("= 0.40 in a currency with cents")
    for currencies, said in (
        ("jpy", "= 40 JPY"),
        ("KWD", "= 0.040 KWD"),
        ("USD\nJPY\nEUR", "= 0.40 USD/EUR or 40 JPY"),
    ):
        write(page, "currencies", currencies)
        expect(told).to_have_text(said)
    pick(page, "actions.0.args.0", "fixed")
    write(page, "actions.0.args.1", "123456")
    expect(page.locator('[id="actions.0.args.1-hint"]')).to_have_text("= 1,234.56 USD/EUR or 123,456 JPY")
    look(page)
    page.locator("#name").fill("Forty")
    page.get_by_role("button", name="Create promotion").click()
    expect(page.get_by_text("comes to 0.40 USD/EUR or 40 JPY or more")).to_be_visible()
    page.get_by_role("link", name="Edit").click()
    expect(page.locator('[id="rules.args.0"]')).to_have_value("40")
    expect(told).to_have_text("= 0.40 USD/EUR or 40 JPY")


def test_the_summary_leads_to_the_field_that_it_names(shop: Shop, open_console, complaints):
    complaints.expected.append("422")
    page = open_console(shop)
    page.goto("promotions/new")
    write(page, "rules.args.0", "much")
    write(page, "actions.0.args.1", "120")
    page.locator("#name").fill("Much")
    page.get_by_role("button", name="Create promotion").click()

    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Who qualifies, Amount: Write a whole number.")
    page.locator('[id="rules.strategy"]').wait_for()
    alert.get_by_role("link", name="What they get 1, Percent off").click()
    expect(page.locator('[id="actions.0.args.1"]')).to_be_focused()


CATEGORY = {"strategy": "item_category", "operator": "in", "args": ["a"]}
DISCOUNT = {"strategy": "cart_discount", "args": ["percent", 10]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"rules": CATEGORY, "actions": {}},
        {"rules": CATEGORY, "actions": "x"},
        {"rules": CATEGORY | {"args": "x"}, "actions": [DISCOUNT]},
        {"rules": {"strategy": "cart_total", "operator": "gte", "args": "99"}, "actions": [DISCOUNT]},
        {"rules": {"strategy": "and", "children": {}}, "actions": [DISCOUNT | {"args": {}, "limitations": [1]}]},
        {"rules": ["x"], "actions": [None, DISCOUNT | {"args": "percent"}], "currencies": "USD"},
    ],
)
def test_json_of_any_shape_can_be_mended_in_the_fields(shop: Shop, open_console, complaints, wrong: dict[str, Any]):
    complaints.expected.append("422")
    page = open_console(shop)
    page.goto("promotions/new")
    page.locator('[id="rules.strategy"]').wait_for()
    page.get_by_text("As JSON", exact=True).click()
    page.locator("#name").fill("Any shape")
    page.locator("#rule_set").fill(json.dumps(wrong))
    page.get_by_role("button", name="Create promotion").click()

    page.get_by_role("alert").wait_for()
    expect(page.locator(".builder")).to_be_visible()
    expect(page.locator(".builder .fault").first).to_be_visible()
    page.get_by_text("As JSON", exact=True).click()
    page.locator("#rule_set").fill(json.dumps({"rules": wrong["rules"], "actions": [DISCOUNT]}))
    pick(page, "rules.strategy", "cart_total")
    pick(page, "rules.operator", "gte")
    write(page, "rules.args.0", "700")
    expect(page.locator("[data-sentence]")).to_contain_text("comes to 7.00 or more, take 10")


def test_every_strategy_and_action_can_be_chosen_and_filled_in(shop: Shop, open_console):
    page = open_console(shop)
    page.goto("promotions/new")
    page.locator('[id="rules.strategy"]').wait_for()
    for id_, member in (("rules.strategy", "rules"), ("actions.0.strategy", "actions")):
        for option in page.locator(f'[id="{id_}"] option').evaluate_all("all => all.map(one => one.value)"):
            pick(page, id_, option)
            now = rule_set(page)
            assert (now["rules"] if member == "rules" else now["actions"][0])["strategy"] == option
            operator = page.locator('[id="rules.operator"]')
            if member == "rules" and operator.count():
                for value in operator.locator("option").evaluate_all("all => all.map(one => one.value)"):
                    pick(page, "rules.operator", value)
                    assert rule_set(page)["rules"]["operator"] == value
    pick(page, "rules.strategy", "cart_total")
    pick(page, "rules.operator", "range")
    write(page, "rules.args.0", "1000")
    write(page, "rules.args.1", "2000")
    for action, amount in (("shipping_discount", "fixed_price"), ("items_bundle_discount", "fixed")):
        pick(page, "actions.0.strategy", action)
        pick(page, "actions.0.args.0", amount)
        write(page, "actions.0.args.1", "700")
    expect(page.locator("[data-sentence]")).to_contain_text("between 10.00 and 20.00, take 7.00 off each set")
    assert rule_set(page)["rules"]["args"] == [1000, 2000]


def test_codes_and_names_made_to_do_harm_do_none(shop: Shop, open_console, look):
    page = open_console(shop)
    for name in HOSTILE:
        page.goto("promotions/new")
        page.locator('[id="rules.strategy"]').wait_for()
        page.locator("#name").fill(name)
        page.locator("#description").fill(name)
        pick(page, "rules.strategy", "item_sku")
        pick(page, "rules.operator", "in")
        write(page, "rules.args", name)
        expect(page.locator("[data-sentence]")).to_contain_text(f"“{name}”")
        page.get_by_role("button", name="Create promotion").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        page.get_by_role("link", name="Codes", exact=True).click()
        page.get_by_label("Codes", exact=True).fill(name)
        page.get_by_role("button", name="Add codes").click()
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        image = page.get_by_role("img", name="QR code that says")
        image.evaluate("image => image.decode()")  # raises unless it is an image, and waits for it
    page.goto("promotions")
    for name in HOSTILE:
        expect(page.get_by_role("link", name=name, exact=True)).to_be_visible()
    look(page)


def test_a_job_is_watched_until_its_file_can_be_fetched(shop: Shop, open_console, look):
    id_ = shop.promotion(name="Big")
    page = open_console(shop)
    page.goto(f"promotions/{id_}/jobs")
    page.get_by_label("How many").fill("400000")
    page.get_by_label("Drawn characters").fill("10")
    page.get_by_role("button", name="Generate", exact=True).click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.locator("[data-tally]")).to_have_text(re.compile(r"of 400,000 · .* a second · .* left"))
    look(page, "job-running")
    expect(page.get_by_text("400,000 codes generated")).to_be_visible(timeout=60_000)

    page.get_by_role("button", name="Export codes").click()
    with page.expect_download(timeout=60_000) as download:
        page.get_by_role("link", name="Download CSV").click(timeout=60_000)
    assert download.value.path().read_bytes().count(b"\n") == 400_001


def test_a_job_is_cancelled(shop: Shop, open_console):
    id_ = shop.promotion(name="Too big")
    page = open_console(shop)
    page.goto(f"promotions/{id_}/jobs")
    page.get_by_label("How many").fill("5000000")
    page.get_by_label("Drawn characters").fill("12")
    page.get_by_role("button", name="Generate", exact=True).click()
    page.get_by_role("button", name="Cancel").click()

    expect(page.get_by_text("Cancelled")).to_be_visible(timeout=60_000)


def test_a_promotion_is_deleted_after_a_question(shop: Shop, open_console, look):
    id_ = shop.promotion(name="Gone")
    shop.add_codes(id_, "A", "B")
    page = open_console(shop)
    page.goto(f"promotions/{id_}")
    page.get_by_role("link", name="Delete…").click()
    expect(page.get_by_text("2 codes")).to_be_visible()
    look(page, "delete")
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("status")).to_have_text("The promotion is deleted.")
    expect(page.get_by_text("Your first promotion")).to_be_visible()


def test_the_theme_that_was_chosen_stays(shop: Shop, open_console):
    page = open_console(shop)
    page.get_by_role("button", name="Switch between light and dark").click()
    page.reload()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_page_can_be_read(shop: Shop, open_console, look, database_url: str, *, dark: bool, phone: bool):
    summer, code = season(shop, database_url)
    name = "-".join(["", *(["phone"] if phone else []), "dark" if dark else "light"])
    door = open_console(shop, dark=dark, phone=phone, sign_in=False)
    look(door, "sign-in" + name)
    page = open_console(shop, dark=dark, phone=phone)
    for path, shown in (
        ("promotions", "promotions"),
        ("promotions?q=nothing-like-it", None),
        (f"promotions/{summer}", "promotion"),
        (f"promotions/{summer}/edit", "promotion-form"),
        (f"promotions/{summer}/codes", "codes"),
        (f"promotions/{summer}/codes/{code}", "code"),
        (f"promotions/{summer}/jobs", "jobs"),
        (f"promotions/{summer}/delete", None),
        ("promotions/new", None),
    ):
        page.goto(path)
        if "edit" in path or "new" in path:
            page.locator('[id="rules.strategy"]').wait_for()
        look(page, shown and shown + name)
