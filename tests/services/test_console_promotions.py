"""The list of promotions in the console, one promotion, and what can be done with it in one step."""

import time
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from support import evaluation_body
from visitor import Visitor

HOSTILE = ["=cmd|' /C calc'!A0", "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}"]


def on(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT00:00:00Z")


def test_the_list_is_searched_by_name_and_by_code_and_filtered_by_status(guest: Visitor):
    shop = guest.shop
    summer = shop.promotion(name="Summer 100%")
    shop.promotion(name="Winter", start=on(5), end=on(9))
    shop.promotion(name="Autumn", start=on(-9), end=on(-5))
    shop.promotion(name="Spring", enabled=False)
    shop.add_codes(summer, "SUNNY")
    every = {"Summer 100%", "Winter", "Autumn", "Spring"}

    def names(query: str) -> set[str]:
        text = guest.shown("/promotions" + query)
        return {name for name in every if f'">{name}</a><span class="sentence">' in text}

    assert names("") == every
    assert names("?status=running") == {"Summer 100%"}
    assert names("?status=scheduled") == {"Winter"}
    assert names("?status=ended") == {"Autumn"}
    assert names("?status=disabled") == {"Spring"}
    assert names("?q=UM") == {"Summer 100%", "Autumn"}
    assert names("?q=0%25") == {"Summer 100%"}
    assert names("?q=_") == set()
    assert names("?q=um&status=ended") == {"Autumn"}
    assert f"/console/promotions/{summer}/codes?q=sunny" in guest.shown("/promotions?q=sunny")


def test_long_lists_come_in_pages(guest: Visitor):
    for number in range(27):
        guest.shop.promotion(name=f"Number {number}.")

    first, second = guest.shown("/promotions?q=number"), guest.shown("/promotions?q=number&page=2")

    assert "Number 26." in first
    assert "Number 1." not in first
    assert 'rel="next" href="/console/promotions?q=number&amp;page=2"' in first
    assert "Number 1." in second
    assert "27 of 27 promotions" in second
    assert guest.get("/promotions?page=x%00&q=%00&status=none").status_code == 200


def test_what_was_redeemed_is_soon_among_the_uses_of_a_promotion(guest: Visitor):
    id_ = guest.shop.promotion(name="Used", automatic=True)
    body = evaluation_body(type="redemption", state="confirmed")
    assert guest.shop.http.post("/v2/rule-promotions/redemptions", json=body).status_code == 201

    deadline = time.monotonic() + 15
    while 'data-label="Uses in 30 days">1<' not in guest.shown("/promotions"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert "1 <small>use</small>" in guest.shown(f"/promotions/{id_}")


def test_each_promotion_shows_its_codes_and_the_uses_of_the_last_days(guest: Visitor, database_url: str):
    id_ = guest.shop.promotion(name="Used")
    guest.shop.add_codes(id_, *[f"CODE{n}" for n in range(7)])
    with psycopg.connect(database_url, autocommit=True) as connection:
        for days, count in ((0, 3), (2, 1), (40, 9)):
            connection.execute(
                "INSERT INTO usage_days SELECT %s, (now() AT TIME ZONE 'UTC')::date - %s, %s, currency, %s, 0, 0, 0"
                " FROM unnest('{EUR,USD}'::text[]) AS currency",
                [guest.shop.store_id, days, id_, count],
            )

    row = guest.shown("/promotions").partition(">Used</a>")[2].partition("</tr>")[0]

    assert 'data-label="Codes">7<' in row
    assert 'data-label="Uses in 30 days">8<' in row
    points = row.partition('points="')[2].partition('"')[0].split()
    heights = [float(point.split(",")[1]) for point in points]
    assert len(heights) == 30
    assert heights[-1] == 2.0
    assert heights[-3] == 18.0
    assert set(heights[:-3]) == {26.0}


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_only_ever_text(guest: Visitor, name: str):
    id_ = guest.shop.promotion(
        name=name,
        description=name,
        custom_field=name,
        rule_set={
            "rules": {"strategy": "item_sku", "operator": "in", "args": [name]},
            "actions": [{"strategy": "cart_discount", "args": ["percent", 10]}],
        },
    )
    for path in ("/promotions", f"/promotions?q={name}", f"/promotions/{id_}", f"/promotions/{id_}/delete"):
        text = guest.shown(path)
        assert "<script>" not in text
        assert "<img" not in text
        assert ">49<" not in text


def test_a_promotion_is_disabled_enabled_and_copied(guest: Visitor):
    id_ = guest.shop.promotion(name="Once", priority=7, custom="kept")
    path = f"/promotions/{id_}"

    assert guest.post(f"{path}/disable").headers["location"] == f"/console{path}"
    assert 'class="pill disabled"' in guest.shown(path)
    assert guest.post(f"{path}/enable").status_code == 303
    assert 'class="pill running"' in guest.shown(path)

    copied = guest.post(f"{path}/duplicate").headers["location"].rpartition("/")[2]
    copy = guest.shop.http.get(f"/v2/rule-promotions/{copied}").json()["data"]
    assert (copy["name"], copy["enabled"], copy["priority"], copy["custom"]) == ("Copy of Once", False, 7, "kept")
    assert "This is the copy" in guest.shown(f"/promotions/{copied}")
    assert "This is the copy" not in guest.shown(f"/promotions/{copied}")

    refused = guest.post(f"/promotions/{copied}/enable")
    assert refused.status_code == 422
    assert "Priority already in use" in refused.text


def test_before_a_promotion_is_deleted_it_says_what_is_lost(guest: Visitor):
    id_ = guest.shop.promotion(name="Gone")
    guest.shop.add_codes(id_, "A", "B")

    assert "<strong>2 codes</strong>" in guest.shown(f"/promotions/{id_}/delete")
    assert guest.post(f"/promotions/{id_}/delete").headers["location"] == "/console/promotions"
    assert "The promotion is deleted." in guest.shown("/promotions")
    assert guest.get(f"/promotions/{id_}").status_code == 404


def test_another_store_s_promotion_is_not_there(guest: Visitor, new_shop):
    foreign = new_shop().promotion(name="Foreign")

    assert "Foreign" not in guest.shown("/promotions")
    for path in ("", "/delete"):
        assert guest.get(f"/promotions/{foreign}{path}").status_code == 404
    for step in ("enable", "disable", "duplicate", "delete"):
        assert guest.post(f"/promotions/{foreign}/{step}").status_code == 404


@pytest.mark.parametrize("path", ["/promotions", "/promotions/{}/codes", "/audit"])
def test_a_page_behind_the_last_is_not_an_empty_list(guest: Visitor, path: str):
    id_ = guest.shop.promotion()
    guest.shop.add_codes(id_, "SPRING")
    path = path.format(id_)

    shown = guest.shown(f"{path}?page=99")

    assert "The list is shorter" in shown
    assert f'href="/console{path}">To its first page' in shown
    assert "first promotion" not in shown


def test_what_is_not_there_is_told_to_people_as_a_page_and_to_clients_as_json(guest: Visitor):
    unknown, wrong = guest.get("/none/such"), guest.http.put("/console/promotions", headers=guest.headers)

    assert (unknown.status_code, wrong.status_code) == (404, 405)
    assert "<h1>There is nothing here</h1>" in unknown.text
    assert "<h1>That is not possible</h1>" in wrong.text
    assert {*wrong.headers["allow"].split(", ")} >= {"GET", "POST"}
    assert "default-src 'none'" in unknown.headers["content-security-policy"]
    assert guest.http.get("/v2/none").json()["errors"][0]["status"] == 404
    assert guest.http.get("/consoles").json()["errors"][0]["status"] == 404


def test_a_promotion_that_nobody_can_use_yet_leads_to_codes(guest: Visitor):
    without, automatic = guest.shop.promotion(), guest.shop.promotion(automatic=True)
    shown = guest.shown(f"/promotions/{without}")
    for end in ("/codes", "/jobs", "/import"):
        assert (
            f'<a class="button{" primary" if end == "/codes" else ""}" href="/console/promotions/{without}{end}">'
            in shown
        )

    guest.shop.add_codes(without, "NOW")
    for id_ in (without, automatic):
        assert "Nobody can use this promotion yet" not in guest.shown(f"/promotions/{id_}")


def test_a_page_that_is_missing_is_explained_to_people(guest: Visitor):
    id_ = guest.shop.promotion()

    for path in ("/none/such", "/promotions/none", f"/promotions/{id_}/codes/{id_}"):
        shown = guest.get(path)
        assert shown.status_code == 404
        assert "The address is wrong, or what was here has been deleted." in shown.text
        assert "not found" not in shown.text.lower()
