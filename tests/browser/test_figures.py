"""People look at figures: the dashboard of a living store, its usages, and why a code did not work."""

import csv
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from browser_season import HOSTILE
from support import Couponry, Shop, evaluation_body, said

SEASON = "250"
"""How many shoppers come; enough for every part of the pages to have something in it."""


def redeem(shop: Shop, code: str, **members: object) -> None:
    body = {"type": "redemption", "state": "confirmed", "codes": [code], "strict": False}
    answer = shop.http.post("/v2/rule-promotions/redemptions", json=evaluation_body(**(body | members)))
    assert answer.status_code == 201, answer.text


@pytest.fixture
def season(shop: Shop, couponry: Couponry) -> Shop:
    said(couponry("demo", "--store", shop.store_id, "--redemptions", SEASON))
    return shop


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_page_of_figures_can_be_read(
    season: Shop, open_console: Callable[..., Page], look: Callable[..., None], *, dark: bool, phone: bool
):
    name = "-".join(["", *(["phone"] if phone else []), "dark" if dark else "light"])
    page = open_console(season, dark=dark, phone=phone)
    for path, shown in (
        ("dashboard?days=90", "dashboard"),
        ("dashboard?days=365", None),
        ("usages", "usages"),
        ("usages?code=none", None),
        ("support", None),
        ("support?code=summer20", "support"),
        ("support?code=none", None),
    ):
        page.goto(path)
        for table in page.get_by_text("As a table").all():
            table.click()
        look(page)
        if shown:
            page.goto(path)
            look(page, shown + name)


def test_somebody_looks_closer_and_takes_the_numbers_away(season: Shop, open_console: Callable[..., Page]):
    page = open_console(season)
    page.get_by_role("link", name="Dashboard").click()
    page.get_by_role("link", name="90 days").click()
    expect(page.get_by_role("link", name="90 days")).to_have_attribute("aria-current", "page")
    page.get_by_role("table", name="Promotions by redemptions").get_by_role("link", name="Newsletter").click()
    expect(page.get_by_text("Show all promotions")).to_be_visible()
    expect(page.get_by_role("table", name="Codes by redemptions").get_by_role("link", name="NEWS5")).to_be_visible()

    with page.expect_download() as download:
        page.get_by_role("link", name="Redemptions a day as CSV").click()
    rows = list(csv.reader(download.value.path().read_text().splitlines()))
    total = int(page.locator("#made + .figure").inner_text().replace(",", ""))
    assert sum(int(row[2]) for row in rows[1:]) == total > 0


def test_who_has_only_a_keyboard_finds_out_why_a_code_did_not_work(shop: Shop, open_console: Callable[..., Page]):
    once = {"max_uses_per_shopper": {"max_uses": 1, "includes_guests": True}}
    shop.add_codes(shop.promotion(name="Once each"), {"code": "ONCE", **once})
    redeem(shop, "ONCE", shopper={"email": "ann@example.com"}, order_id="order-7")
    page = open_console(shop)
    page.get_by_role("link", name="Support").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Code", exact=True).focus()
    page.keyboard.type("once")
    page.keyboard.press("Tab")
    page.keyboard.type("ann@example.com")
    page.keyboard.press("Enter")

    expect(page.get_by_text("This shopper has used the code, or holds it, 1 of 1 times.")).to_be_visible()
    expect(page.get_by_role("table", name="Uses by this shopper")).to_contain_text("order-7")
    page.get_by_role("link", name="Usages").click()
    page.get_by_label("Order").fill("order-7")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_role("table", name="Usages, newest first").get_by_role("row")).to_have_count(2)
    page.get_by_label("Order").fill("order-8")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_text("Nothing found")).to_be_visible()


def test_names_and_codes_made_to_do_harm_do_none(
    shop: Shop, open_console: Callable[..., Page], look: Callable[..., None]
):
    for name in HOSTILE:
        shop.add_codes(shop.promotion(name=name), name)
        redeem(shop, name, order_id=name, shopper={"customer_id": name})
    page = open_console(shop)
    page.goto("usages")
    for name in HOSTILE:
        expect(page.get_by_role("link", name=name, exact=True).first).to_be_visible()
    look(page)
    for name in HOSTILE:
        page.goto("support")
        page.get_by_label("Code", exact=True).fill(name)
        page.get_by_label(re.compile("Shopper")).fill(name)
        page.get_by_role("button", name="Look it up").click()
        expect(page.get_by_role("heading", name=name).first).to_be_visible()
        look(page)
    page.goto("dashboard")
    expect(page.get_by_role("table", name="Codes by redemptions")).to_be_visible(timeout=15_000)
    look(page)
