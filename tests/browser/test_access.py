"""People look after clients and read the audit log: by keyboard, on a phone, in the dark."""

import pytest
from playwright.sync_api import expect

from browser_season import HOSTILE
from support import Shop


def test_a_client_is_made_copied_given_another_secret_and_revoked(shop: Shop, open_console, look):
    page = open_console(shop)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("link", name="Access").click()
    page.get_by_text("Create a client").click()
    page.get_by_label("What it is for").fill(HOSTILE[1])
    page.keyboard.press("Enter")

    made = page.get_by_role("status")
    expect(made).to_contain_text("shown this once")
    secret = made.locator("code").nth(1).inner_text()
    made.get_by_role("button", name="Copy the client secret").click()
    expect(made.get_by_role("button", name="Copied the client secret")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    look(page)

    page.get_by_role("link", name=f"New secret… for {HOSTILE[1]}").click()
    page.get_by_role("button", name="Make a new secret").click()
    expect(page.get_by_role("status").locator("code").nth(1)).not_to_have_text(secret)
    look(page)
    page.get_by_role("link", name="To the clients").click()
    page.get_by_role("link", name=f"Revoke… {HOSTILE[1]}").click()
    expect(page.get_by_text("Nobody is signed in to this console with it.")).to_be_visible()
    page.get_by_role("button", name="Revoke for good").click()
    expect(page.get_by_role("status")).to_have_text("The client is revoked.")
    expect(page.get_by_text("Revoked", exact=True)).to_be_visible()
    page.get_by_role("link", name="Audit log").click()
    for said in ("created a client", "changed the secret of a client", "revoked a client"):
        expect(page.locator(".log").get_by_text(said).first).to_be_visible()


def test_who_revokes_their_own_client_is_asked_and_then_outside(shop: Shop, open_console, complaints, look):
    complaints.expected.append("422")
    page = open_console(shop)
    page.goto("access")
    page.get_by_role("link", name="Revoke… test").click()
    expect(page.get_by_role("alert")).to_contain_text("You are signed in with this client")
    page.get_by_role("button", name="Revoke for good").click()
    expect(page.get_by_label("I mean my own client")).to_have_attribute("aria-invalid", "true")
    look(page, "access-own")
    page.get_by_label("I mean my own client").check()
    page.get_by_role("button", name="Revoke for good").click()
    page.get_by_role("heading", name="Sign in").wait_for()


def fill(shop: Shop) -> None:
    id_ = shop.promotion(name="Second pair half off")
    shop.add_codes(id_, "SUMMER", "HELLO")
    shop.http.put(f"/v2/rule-promotions/{id_}", json={"data": {"enabled": False, "priority": 7}}).raise_for_status()
    shop.http.put(f"/v2/rule-promotions/{id_}", json={"data": {"enabled": True}}).raise_for_status()
    shop.ended_job(id_, shop.generate(id_, 250, code_prefix="sun-", max_uses_per_code=1))
    shop.http.put("/v2/settings/cart", json={"data": {"type": "settings", "cart_expiry_days": 30}}).raise_for_status()
    for name in ("Web shop", "Till in the main street"):
        shop.http.post("/v2/clients", json={"data": {"name": name}}).raise_for_status()
    gone = shop.http.post("/v2/clients", json={"data": {"name": "Agency of last year"}}).json()["data"]["id"]
    shop.http.delete(f"/v2/clients/{gone}").raise_for_status()


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_both_pages_can_be_read(shop: Shop, open_console, look, *, dark: bool, phone: bool):
    fill(shop)
    name = "-".join(["", *(["phone"] if phone else []), "dark" if dark else "light"])
    page = open_console(shop, dark=dark, phone=phone)
    page.goto("access")
    look(page, "access" + name)
    page.goto("audit")
    page.get_by_text("2 members changed").click()
    page.evaluate("scrollTo(0, 0)")
    look(page, "audit" + name)
    page.goto("audit?action=promotion.created&since=2001-01-01")
    look(page)
    page.goto("audit?client=nobody")
    look(page)
