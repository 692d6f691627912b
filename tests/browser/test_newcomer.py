"""Somebody new makes a promotion, has codes made, fetches them, and redeems one, all in the console."""

import csv

import pytest
from playwright.sync_api import expect

from support import Shop


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_newcomer_redeems_a_code(shop: Shop, open_console, look, complaints, *, dark: bool, phone: bool):
    page = open_console(shop, dark=dark, phone=phone)
    page.get_by_role("link", name="New promotion").first.click()
    page.locator("#name").fill("Welcome")
    page.get_by_role("button", name="Create promotion").click()
    page.get_by_role("heading", name="Welcome", level=1).wait_for()

    page.get_by_role("link", name="Jobs").click()
    page.get_by_label("How many").fill("20")
    page.get_by_label("Uses per code").fill("1")
    page.get_by_role("button", name="Generate", exact=True).click()
    expect(page.get_by_text("20 codes generated")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Export codes").click()
    with page.expect_download(timeout=60_000) as download:
        page.get_by_role("link", name="Download CSV").click(timeout=60_000)
    code = next(csv.DictReader(download.value.path().read_text().splitlines()))["code"]

    page.get_by_role("link", name="Try it").click()
    page.locator('[name="codes"]').fill(code.lower())
    expect(page.locator("[data-answer]")).to_contain_text("It applies")
    page.get_by_text("Redeem this cart for real").click()
    page.get_by_label("Order").fill("1001")
    page.get_by_role("button", name="Redeem").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Order 1001")
    redemption = page.url
    expect(page.get_by_role("status")).to_have_text("The cart is redeemed: its uses are taken.")
    look(page, "-".join(["redemption", *(["phone"] if phone else []), "dark" if dark else "light"]))
    page.get_by_role("link", name=code).click()
    expect(page.get_by_text("0 of 1")).to_be_visible()
    expect(page.get_by_role("table", name="Last uses").get_by_role("link", name="1001")).to_be_visible()
    look(page)

    page.go_back()
    page.go_back()
    complaints.expected.append("422")
    page.get_by_text("Redeem this cart for real").click()
    page.get_by_label("Order").fill("1002")
    page.get_by_role("button", name="Redeem").click()
    expect(page.get_by_role("alert").filter(has_text="nothing was used")).to_be_visible()
    look(page)

    page.goto(redemption)
    page.get_by_role("link", name="Give the uses back…").click()
    look(page, None if dark or phone else "give-back")
    page.get_by_role("button", name="Give the uses back").click()
    expect(page.get_by_role("status")).to_have_text("The uses are given back.")
    expect(page.get_by_role("link", name="Give the uses back…")).to_have_count(0)
