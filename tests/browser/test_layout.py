"""Where things stand on pages: on a phone, and around what went wrong."""

import pytest
from playwright.sync_api import Page, expect

from support import Shop


def box(page: Page, selector: str) -> dict[str, float]:
    found = page.locator(selector).first.bounding_box()
    assert found is not None, selector
    return {**found}


@pytest.mark.parametrize("path", ["dashboard", "support", "audit"])
def test_on_a_phone_the_menu_shows_where_one_is(shop: Shop, open_console, path: str):
    page = open_console(shop, phone=True)
    page.goto(path)
    strip, here = ".side nav", ".side nav [aria-current]"
    page.wait_for_function("document.querySelector('[data-theme-switch]:not([hidden])')")

    whole, place = box(page, strip), box(page, here)

    assert whole["x"] <= place["x"]
    assert place["x"] + place["width"] <= whole["x"] + whole["width"]
    assert page.evaluate("scrollY") == 0


def test_on_a_phone_what_can_be_done_with_a_promotion_stands_in_one_row(shop: Shop, open_console, look):
    id_ = shop.promotion(name="Summer")
    page = open_console(shop, phone=True)
    page.goto(f"promotions/{id_}")

    rows = (
        page.locator(".head > .actions")
        .locator("button, a")
        .evaluate_all("all => all.map(one => Math.round(one.getBoundingClientRect().top))")
    )

    assert len(rows) == 4
    assert max(rows) - min(rows) <= 2
    look(page)


def test_what_went_wrong_stands_apart_from_what_follows(shop: Shop, open_console, complaints, look):
    complaints.expected.append("422")
    id_ = shop.promotion(name="Summer")
    page = open_console(shop)
    page.goto(f"promotions/{id_}/jobs")
    page.get_by_label("How many").fill("many")
    page.get_by_role("button", name="Generate", exact=True).click()
    alert = page.locator("div.alert")
    expect(alert).to_contain_text("The job was not started.")

    said, below = box(page, "div.alert"), box(page, ".columns.jobs")

    assert below["y"] - said["y"] - said["height"] >= 12
    look(page)
