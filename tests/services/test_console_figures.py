"""The console's dashboard, its list of usages, and the page that says why a code did not work."""

import csv
import io
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from support import CartClient, Shop, custom_item, evaluation_body
from visitor import Visitor

HOSTILE = ["=cmd|' /C calc'!A0", "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}"]
ANN, BOB = "ann@example.com", "bob@example.com"
ONCE_EACH = {"max_uses_per_shopper": {"max_uses": 1, "includes_guests": True}}


def redeem(shop: Shop, *codes: str, email: str = ANN, **members: Any) -> str:
    usual = {"type": "redemption", "state": "confirmed", "codes": list(codes), "shopper": {"email": email}}
    answer = shop.http.post("/v2/rule-promotions/redemptions", json=evaluation_body(**(usual | members)))
    assert answer.status_code in (201, 422), answer.text
    return answer.json()["data"]["id"] if answer.status_code == 201 else ""


def shown_soon(guest: Visitor, path: str, text: str, seconds: float = 15) -> str:
    """Return a page as soon as it shows *text*: figures are summed up every few seconds."""
    deadline = time.monotonic() + seconds
    while text not in (page := guest.shown(path)):
        assert time.monotonic() < deadline, page
        time.sleep(0.1)
    return page


def cells(page: str) -> list[str]:
    """Return the codes in a list of usages."""
    return re.findall(r'support\?code=[^"]*">([^<]*)</a>', page)


def table(guest: Visitor, path: str) -> list[list[str]]:
    answer = guest.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    return list(csv.reader(io.StringIO(answer.text, newline="")))


def test_the_first_room_is_the_dashboard_and_says_so_when_nothing_happened(guest: Visitor):
    assert guest.get("").headers["location"] == "/console/dashboard"
    assert "Nothing happened in these days" in guest.shown("/dashboard")


def test_the_dashboard_tells_of_redemptions_discounts_codes_and_refusals(guest: Visitor):
    shop = guest.shop
    summer, winter = shop.promotion(name="Summer"), shop.promotion(name="Winter")
    shop.add_codes(summer, {"code": "SUN", "uses": 5})
    shop.add_codes(winter, "ICE")
    for code in ("SUN", "SUN", "ICE", "SPRUNG"):
        redeem(shop, code)
    redeem(shop, "ICE", currency="USD")

    page = shown_soon(guest, "/dashboard", '<p class="figure">1</p><p class="soft">codes that were entered')
    page = shown_soon(guest, "/dashboard", '<p class="figure">4</p>')

    assert '<p class="figure">6.00 <small>EUR</small></p>' in page
    assert '<p class="figure">2.00 <small>USD</small></p>' in page
    assert re.search(r"SUN</a>.*?>2</td><td class=\"count\">3 of 5</td>", page, re.DOTALL)
    assert "Nobody knows this code" in page
    [row] = re.findall(r">Winter</a>.*?</tr>", page, re.DOTALL)[:1]
    assert "2.00 EUR" in row
    assert "2.00 USD" in row

    only = guest.shown(f"/dashboard?days=365&promotion={summer}")
    assert '<p class="figure">2</p>' in only
    assert ">Winter</a>" not in only
    assert "Nobody knows this code" not in only
    assert f"/console/dashboard?days=90&amp;promotion={summer}" in only


def test_what_the_dashboard_is_asked_for_in_vain_is_passed_over(guest: Visitor):
    assert guest.get("/dashboard?days=x&promotion=%00").status_code == 200
    assert guest.get("/dashboard?days=99999&by=moon").status_code == 200
    assert guest.get(f"/dashboard?promotion={'0' * 32}").status_code == 404


def test_the_tables_of_the_dashboard_are_the_api_s(guest: Visitor):
    shop = guest.shop
    shop.add_codes(shop.promotion(name="Summer"), "SUN")
    redeem(shop, "SUN")
    redeem(shop, "SPRUNG")
    shown_soon(guest, "/dashboard", "Nobody knows this code")
    shown_soon(guest, "/dashboard", ">SUN</a>")

    today = datetime.now(UTC).date().isoformat()
    assert table(guest, "/dashboard/redemptions.csv?days=30")[1:] == [[today, "EUR", "1", "200", "0", "0"]]
    assert table(guest, "/dashboard/redemptions.csv?by=promotion")[1][1] == "Summer"
    labels = [
        re.sub(r"<[^>]+>", "", one) for one in re.findall(r"<a [^>]*download>(.*?)</a>", guest.shown("/dashboard"))
    ]
    assert {"CSV by day: refused attempts", "CSV by promotion: refused attempts"} < set(labels)
    assert table(guest, "/dashboard/refusals.csv")[1:] == [[today, "unknown_code", "1"]]
    assert table(guest, "/dashboard/codes.csv")[1][3:5] == ["SUN", "1"]


def test_usages_are_found_by_promotion_code_shopper_order_and_day(guest: Visitor):
    shop = guest.shop
    summer = shop.promotion(name="Summer")
    shop.add_codes(summer, "SUN", "MOON")
    shop.add_codes(shop.promotion(name="Winter"), "ICE")
    redeem(shop, "SUN", order_id="order 1")
    redeem(shop, "MOON", email=BOB)
    redeem(shop, "ICE", email=BOB, order_id="order 2")
    cart = CartClient(shop)
    cart.add(custom_item(amount=5000))
    cart.enter("SUN")
    said = {"customer": {"id": "carl", "name": "Carl", "email": "carl@example.com"}, "order_number": "no-7"}
    cart.ok("POST", "/checkout", said)

    def found(query: str) -> list[str]:
        shown = cells(guest.shown(f"/usages?{query}"))
        assert sorted(row[3] for row in table(guest, f"/usages.csv?{query}")[1:]) == sorted(shown)
        return shown

    day = datetime.now(UTC).date()
    assert found("") == ["SUN", "ICE", "MOON", "SUN"]
    assert found(f"promotion={summer}") == ["SUN", "MOON", "SUN"]
    assert found("code=moon") == ["MOON"]
    assert found(f"shopper={BOB.upper()}") == ["ICE", "MOON"]
    assert found("shopper=carl") == ["SUN"]
    assert found("order=order+1") == ["SUN"]
    assert found("order=no-7") == ["SUN"]
    assert found(f"shopper={BOB}&order=order+1") == []
    assert found(f"shopper={BOB}&promotion={summer}") == ["MOON"]
    assert found(f"from={day}&to={day}") == ["SUN", "ICE", "MOON", "SUN"]
    assert found(f"to={day - timedelta(days=1)}") == []
    assert found(f"from={day + timedelta(days=1)}") == []
    assert guest.get("/usages?before=x&from=0000-01-01&promotion=%00&code=%0A&shopper=%00").status_code == 200


def test_long_lists_of_usages_come_in_pages_and_whole_as_a_table(guest: Visitor):
    shop = guest.shop
    shop.add_codes(shop.promotion(), "SUN")
    shop.add_codes(shop.promotion(), "SUN")
    for _ in range(30):
        redeem(shop, "SUN")

    first = guest.shown("/usages")
    more = re.search(r'rel="next" href="/console([^"]*)"', first)
    assert more is not None
    second = guest.shown(more[1].replace("&amp;", "&"))

    ids = [set(re.findall(r'<time datetime="([^"]*)"', page)) for page in (first, second)]
    assert [len(cells(page)) for page in (first, second)] == [25, 25]
    assert len(ids[0] & ids[1]) <= 1
    rows = table(guest, "/usages.csv")
    assert len({row[-1] for row in rows[1:]}) == 60


@pytest.mark.parametrize("name", HOSTILE)
def test_names_and_codes_are_only_ever_text(guest: Visitor, name: str):
    shop = guest.shop
    shop.add_codes(shop.promotion(name=name), name)
    redeem(shop, name, order_id=name, shopper={"customer_id": name})
    redeem(shop, name, email=name)
    shown_soon(guest, "/dashboard", '<p class="figure">2</p>')

    for path in ("/dashboard", "/usages", "/support"):
        query = urlencode({"code": name, "shopper": name, "order": name})
        page = guest.get(f"{path}?{query}").text
        assert "<script>" not in page
        assert "<img" not in page
        assert ">49<" not in page
    for path in ("/usages.csv", "/dashboard/codes.csv", "/dashboard/redemptions.csv?by=promotion"):
        rows = table(guest, path)
        assert any(name in cell for row in rows for cell in row)
        assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row)


def test_support_tells_every_promotion_behind_a_code_and_why_it_is_refused(guest: Visitor):
    shop = guest.shop
    once = shop.promotion(name="Once each")
    shop.add_codes(once, {"code": "SUN", "uses": 3, **ONCE_EACH})
    shop.add_codes(shop.promotion(name="Last year", end="2025-01-01"), "SUN")
    redeem(shop, "SUN", strict=False, order_id="order 1")
    redeem(shop, "SUN", strict=False, email=BOB, state="held")

    page = guest.shown(f"/support?code=sun&shopper={ANN}")

    assert "This shopper has used the code, or holds it, 1 of 1 times." in page
    assert "The promotion ended on 1 Jan 2025, 00:00 UTC." in page
    assert "<strong>1</strong> of 3" in page
    assert re.search(r"<dt>Used</dt><dd>1</dd>\s*<dt>Held</dt><dd>1 ", page)
    assert "<dt>Other limits</dt><dd>1 per shopper</dd>" in page
    assert "<dt>Other limits</dt><dd>None</dd>" in page
    assert "order 1" in page
    assert f"Uses of this code by {ANN}" in page
    assert f"/console/promotions/{once}/try" in page
    assert "It can be used; the cart decides the rest." in guest.shown("/support?code=SUN&shopper=new@example.com")


def test_support_tells_how_often_a_code_without_limit_is_used(guest: Visitor):
    shop = guest.shop
    shop.add_codes(shop.promotion(), "SUN")
    for _ in range(2):
        redeem(shop, "SUN")
    back = redeem(shop, "SUN")
    redeem(shop, "SUN", state="held")
    assert shop.http.post(f"/v2/rule-promotions/redemptions/{back}/release").status_code == 200

    page = guest.shown("/support?code=SUN")

    assert "<dt>Left</dt><dd>Without limit</dd>" in page
    assert re.search(r"<dt>Used</dt><dd>2</dd>\s*<dt>Held</dt><dd>1 ", page)
    assert page.count(">Used</span>") == 2
    assert page.count(">Given back</span>") == 1


def test_support_knows_of_codes_that_are_gone_and_of_none(guest: Visitor):
    shop = guest.shop
    id_ = shop.promotion()
    code = shop.add_codes(id_, "SUN").json()["data"][0]["id"]
    redeem(shop, "SUN")
    assert shop.http.delete(f"/v2/rule-promotions/{id_}/codes/{code}").status_code == 204

    page = guest.shown("/support?code=Sun")
    assert "No promotion has this code" in page
    assert "There was such a code once" in page
    assert "There was such a code once" not in guest.shown("/support?code=sprung")
    assert guest.get("/support?code=%00&shopper=%00").status_code == 200
    assert "No promotion has this code" in guest.shown("/support?code=a%0Ab")


def test_who_was_forgotten_is_shown_so(guest: Visitor):
    shop = guest.shop
    shop.add_codes(shop.promotion(), "SUN")
    redeem(shop, "SUN")
    body = {"data": {"customer_email": ANN}}
    assert shop.http.post("/v2/rule-promotions/usages/anonymize", json=body).status_code == 200

    for path in ("/usages", "/support?code=SUN"):
        page = guest.shown(path)
        assert ANN not in page
        assert "Forgotten" in page


def test_looking_a_code_up_is_no_attempt(guest: Visitor):
    shop = guest.shop
    shop.add_codes(shop.promotion(end="2025-01-01"), "OLD")
    guest.shown("/support?code=OLD")
    redeem(shop, "SPRUNG")

    page = shown_soon(guest, "/dashboard", "Nobody knows this code")
    assert "It has ended" not in page


def test_another_store_s_figures_are_not_there(guest: Visitor, new_shop):
    foreign = new_shop()
    id_ = foreign.promotion(name="Foreign")
    foreign.add_codes(id_, "THEIRS")
    redeem(foreign, "THEIRS", order_id="their order")
    shown = [guest.shown(f"/usages?{query}") for query in ("", "code=THEIRS", f"shopper={ANN}", "order=their+order")]
    shown += [guest.shown("/support?code=THEIRS"), guest.shown("/dashboard")]

    assert not any("Foreign" in page for page in shown)
    assert len(table(guest, f"/usages.csv?promotion={id_}")) == 1
    assert guest.get(f"/dashboard?promotion={id_}").status_code == 404


def test_nobody_sees_figures_without_a_session(visitor: Visitor):
    for path in ("/dashboard", "/dashboard/redemptions.csv", "/usages", "/usages.csv", "/support?code=SUN"):
        assert visitor.get(path).status_code == 303
