"""The door of the console: who comes in, for how long, and what no other page can make a visitor do."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pytest

from couponry.services.tries import CEILING, whose
from support import Couponry, Shop
from visitor import Visitor


def test_who_signs_in_is_led_to_the_page_asked_for_and_stays_in(visitor: Visitor):
    asked = visitor.get("/promotions?status=ended")
    assert (asked.status_code, asked.headers["location"]) == (
        303,
        "/console/sign-in?next=%2Fconsole%2Fpromotions%3Fstatus%3Dended",
    )

    answer = visitor.sign_in(next="/console/promotions?status=ended")

    assert (answer.status_code, answer.headers["location"]) == (303, "/console/promotions?status=ended")
    assert "Sign out" in visitor.shown("/promotions")


def test_the_cookie_is_out_of_reach_of_modules_and_other_sites(visitor: Visitor):
    cookie = visitor.sign_in().headers["set-cookie"].lower()

    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/console" in cookie
    assert "secure" not in cookie


def test_over_https_the_cookie_never_travels_without_it(visitor: Visitor):
    https = visitor.headers | {"X-Forwarded-Proto": "https"}

    answer = httpx.get(f"{visitor.origin}/console/sign-in", headers=https, verify=False)

    assert "secure" in answer.headers["set-cookie"].lower()


@pytest.mark.parametrize(
    "next_", ["https://evil.example/", "//evil.example", "/console/../\\evil", "/v2", "/console/sign-in"]
)
def test_nobody_is_led_out_of_the_house(visitor: Visitor, next_: str):
    assert visitor.sign_in(next=next_).headers["location"] == "/console/dashboard"


def test_a_wrong_secret_is_refused_and_the_page_says_so(visitor: Visitor):
    answer = visitor.sign_in(secret="wrong")

    assert answer.status_code == 403
    assert "No client has this id and secret" in answer.text
    assert visitor.get("/promotions").status_code == 303


def test_a_forged_cookie_is_none(visitor: Visitor):
    visitor.sign_in()
    key, _, signature = visitor.http.cookies["couponry_session"].partition(".")
    visitor.http.cookies.set("couponry_session", f"{key}.{signature[::-1]}", domain="127.0.0.1", path="/console")

    visitor.http.cookies.delete("couponry_session", domain="127.0.0.1", path="/console")
    visitor.http.cookies.set("couponry_session", f"{key}.{'0' * 64}")

    assert visitor.get("/promotions").status_code == 303


def test_who_signs_out_is_out_wherever_the_cookie_was_copied_to(visitor: Visitor):
    visitor.sign_in()
    copied = dict(visitor.http.cookies)

    assert visitor.post("/sign-out").headers["location"] == "/console/sign-in"

    assert httpx.get(f"{visitor.origin}/console/promotions", cookies=copied, verify=False).status_code == 303


def test_a_revoked_client_is_out_at_once(visitor: Visitor, couponry: Couponry):
    visitor.sign_in()
    assert couponry("client", "revoke", visitor.shop.client_id, "--store", visitor.shop.store_id).returncode == 0

    assert visitor.get("/promotions").status_code == 303


def test_a_session_ends_by_itself(visitor: Visitor, database_url: str):
    visitor.sign_in()
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "UPDATE console_sessions SET expires_at = now() WHERE client_id = %s", [visitor.shop.client_id]
        )

    assert visitor.get("/promotions").status_code == 303


def test_what_reads_the_table_cannot_sign_in(visitor: Visitor, database_url: str):
    visitor.sign_in()
    with psycopg.connect(database_url) as connection:
        stored = connection.execute("SELECT id FROM console_sessions").fetchall()

    key = visitor.http.cookies["couponry_session"]
    assert all(id_.hex() not in key and id_ not in key.encode() for (id_,) in stored)


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example"])
def test_forms_of_other_pages_do_nothing(visitor: Visitor, origin: str | None):
    visitor.sign_in()
    id_ = visitor.shop.promotion()

    assert visitor.post(f"/promotions/{id_}/disable", origin=origin).status_code == 403

    assert visitor.shop.http.get(f"/v2/rule-promotions/{id_}").json()["data"]["enabled"]


@pytest.mark.parametrize("form_token", [None, "0" * 64])
def test_forms_without_the_token_do_nothing(visitor: Visitor, form_token: str | None):
    visitor.sign_in()
    id_ = visitor.shop.promotion()

    assert visitor.post(f"/promotions/{id_}/disable", form_token=form_token).status_code == 403

    assert visitor.shop.http.get(f"/v2/rule-promotions/{id_}").json()["data"]["enabled"]


def test_the_token_of_one_session_is_not_good_for_another(
    visitor: Visitor, new_shop: Callable[..., Shop], new_visitor: Callable[[Shop], Visitor]
):
    visitor.sign_in()
    other = new_visitor(new_shop())
    other.sign_in()

    assert visitor.post("/sign-out", form_token=other.token()).status_code == 403


def test_failed_tries_are_slowed_and_a_right_one_is_not_heard_meanwhile(visitor: Visitor):
    answers = [visitor.sign_in(secret="wrong").status_code for _ in range(6)]

    assert answers[:5] == [403] * 5
    assert answers[5] == 429
    refused = visitor.sign_in()
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 2
    assert "Too many tries" in refused.text


def test_who_guesses_at_a_client_keeps_its_owner_out_from_nowhere_else(
    visitor: Visitor, new_visitor: Callable[[Shop], Visitor]
):
    for number in range(4):
        stranger = new_visitor(visitor.shop)
        answers = [stranger.sign_in(secret=f"wrong {number}").status_code for _ in range(6)]
        assert answers == [403] * 5 + [429]

    assert visitor.sign_in().status_code == 303


def test_coming_in_with_a_client_of_ones_own_does_not_forgive_guesses_at_others(
    visitor: Visitor, new_shop: Callable[..., Shop]
):
    other = new_shop()
    answers: list[int] = []
    for _ in range(6):
        answers.append(visitor.sign_in(secret="wrong", client_id=other.client_id).status_code)
        visitor.sign_in()

    assert answers == [403] * 5 + [429]


def test_very_many_guesses_at_a_client_are_slowed_wherever_they_come_from(
    visitor: Visitor, new_visitor: Callable[[Shop], Visitor], database_url: str
):
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO sign_in_tries VALUES (%s, %s, now() + interval '1 minute')",
            [whose("client", visitor.shop.client_id), CEILING.free],
        )
        refused = visitor.sign_in()
        connection.execute(
            "UPDATE sign_in_tries SET last_try = now() - interval '1 second' WHERE who = %s",
            [whose("client", visitor.shop.client_id)],
        )

    assert refused.status_code == 429
    assert new_visitor(visitor.shop).sign_in().status_code == 303


def test_the_addresses_of_one_household_are_one(visitor: Visitor):
    household = f"2001:db8:{os.urandom(2).hex()}:{os.urandom(2).hex()}"
    answers: list[int] = []
    for number in range(1, 7):
        visitor.address = f"{household}::{number}"
        answers.append(visitor.sign_in(secret="wrong", client_id=f"{household} {number}").status_code)

    assert answers == [403] * 5 + [429]


def test_guessing_at_many_clients_from_one_address_is_slowed(visitor: Visitor):
    answers = [visitor.sign_in(secret="wrong", client_id=f"{visitor.address} {n}").status_code for n in range(7)]

    assert answers == [403] * 5 + [429] * 2


def test_tries_at_the_same_moment_are_counted_one_by_one(visitor: Visitor):
    token = visitor.token("/sign-in")

    def guess(_: int) -> int:
        fields = {"client_id": visitor.shop.client_id, "client_secret": "wrong"}
        return visitor.post("/sign-in", form_token=token, **fields).status_code

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(guess, range(20)))

    assert answers.count(403) == 5
    assert answers.count(429) == 15


def test_who_comes_in_is_forgiven(visitor: Visitor):
    for _ in range(3):
        for _ in range(4):
            assert visitor.sign_in(secret="wrong").status_code == 403
        assert visitor.sign_in().status_code == 303


def test_tries_are_forgotten_so_that_the_table_stays_small(visitor: Visitor, database_url: str):
    mark = os.urandom(8).hex()
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO sign_in_tries SELECT convert_to(%s || n, 'UTF8'), 9, now() - interval '61 minutes'"
            " FROM generate_series(1, 150) AS n",
            [mark],
        )
        for _ in range(2):
            visitor.sign_in(secret="wrong")
        row = connection.execute(
            "SELECT count(*) FROM sign_in_tries WHERE substring(who FROM 1 FOR 16) = convert_to(%s, 'UTF8')", [mark]
        ).fetchone()

    assert row == (0,)


def test_pages_let_no_foreign_code_in(visitor: Visitor):
    visitor.sign_in()
    for path in ("/sign-in", "/promotions", "/promotions/none-such"):
        headers = visitor.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "style-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["cache-control"] == "no-store"


def test_strangers_see_the_door_and_nothing_else(visitor: Visitor):
    id_ = visitor.shop.promotion()
    for path in ("/promotions", f"/promotions/{id_}", f"/promotions/{id_}/delete"):
        assert visitor.get(path).status_code == 303
    assert visitor.get("/static/../app.py").status_code == 404
    assert visitor.get("/static/console.css").headers["content-type"].startswith("text/css")


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/promotions"])
def test_forms_are_as_small_as_what_they_ask_for(guest: Visitor, path: str):
    answer = guest.post(path, a="%" * (400_000 if path == "/promotions" else 12_000))

    assert answer.status_code == 413
    assert "That is too much at once" in answer.text


def test_a_way_back_that_is_none_leads_to_the_first_room(visitor: Visitor):
    assert visitor.get("/sign-in?next=//[").status_code == 200
    assert visitor.sign_in(next="//[").headers["location"] == "/console/dashboard"


def test_a_way_back_may_be_in_any_script(visitor: Visitor):
    answer = visitor.sign_in(next="/console/promotions?q=日本&status=a%20b")

    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/console/promotions?q=%E6%97%A5%E6%9C%AC&status=a%20b",
    )


def test_an_origin_that_is_none_is_refused(visitor: Visitor):
    assert visitor.post("/sign-in", origin="http://[", form_token=visitor.token("/sign-in")).status_code == 403
