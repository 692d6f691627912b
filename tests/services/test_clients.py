"""Clients of a store: made, given another secret, revoked, over the API; and what ends with that."""

import threading
from uuid import UUID

import psycopg

from couponry.services.access import hash_secret
from couponry.services.context import utc_now
from couponry.storage import sessions
from couponry.storage.database import Database
from support import Couponry, Shop, said
from visitor import Visitor

CLIENTS = "/v2/clients"


def token(shop: Shop, client_id: str, secret: str) -> int:
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    return shop.nobody.post("/oauth/access_token", data=form).status_code


def make(shop: Shop, name: str = "Till") -> dict[str, str]:
    answer = shop.http.post(CLIENTS, json={"data": {"type": "client", "name": name}})
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


def test_a_client_is_made_and_its_secret_told_once(shop: Shop):
    made = make(shop)

    assert (made["type"], made["name"], made["created_by"]) == ("client", "Till", shop.client_id)
    assert token(shop, made["id"], made["client_secret"]) == 200
    listed = shop.http.get(CLIENTS)
    assert made["client_secret"] not in listed.text
    assert [one["name"] for one in listed.json()["data"]] == ["test", "Till"]
    assert all("last_used_at" in one for one in listed.json()["data"])
    assert listed.json()["meta"]["results"]["total"] == 2
    assert [one["name"] for one in shop.http.get(CLIENTS, params={"page[offset]": 1}).json()["data"]] == ["Till"]


def test_a_client_that_never_came_was_never_used(shop: Shop):
    make(shop)

    assert "last_used_at" not in shop.http.get(CLIENTS).json()["data"][1]


def test_another_secret_ends_the_first(shop: Shop):
    made = make(shop)

    changed = shop.http.post(f"{CLIENTS}/{made['id']}/secret").json()["data"]

    assert changed["id"] == made["id"]
    assert token(shop, made["id"], made["client_secret"]) == 401
    assert token(shop, made["id"], changed["client_secret"]) == 200


def test_a_revoked_client_is_listed_and_good_for_nothing(shop: Shop):
    made = make(shop)

    assert shop.http.delete(f"{CLIENTS}/{made['id']}").status_code == 204

    assert token(shop, made["id"], made["client_secret"]) == 401
    assert "revoked_at" in shop.http.get(CLIENTS).json()["data"][1]
    assert shop.http.delete(f"{CLIENTS}/{made['id']}").status_code == 404
    assert shop.http.post(f"{CLIENTS}/{made['id']}/secret").status_code == 404


def test_what_is_no_client_is_not_found(shop: Shop):
    for id_ in ("nobody", "%00", "a%2Fb"):
        assert shop.http.delete(f"{CLIENTS}/{id_}").status_code == 404
    assert shop.http.post(CLIENTS, json={"data": {"name": ""}}).status_code == 400
    assert shop.http.post(CLIENTS, json={"data": {"name": "x", "client_id": "chosen"}}).status_code == 400


def test_another_secret_ends_the_sessions_of_the_console(guest: Visitor):
    assert guest.get("/promotions").status_code == 200

    guest.shop.http.post(f"{CLIENTS}/{guest.shop.client_id}/secret").raise_for_status()

    assert guest.get("/promotions").status_code == 303


def test_who_signs_in_while_the_secret_changes_is_not_left_inside(visitor: Visitor, database_url: str):
    shop, answers = visitor.shop, list[int]()
    signing_in = threading.Thread(target=lambda: answers.append(visitor.sign_in().status_code))
    with psycopg.connect(database_url) as changing:
        changing.execute("UPDATE clients SET secret_hash = %s WHERE client_id = %s", [hash_secret("x"), shop.client_id])
        signing_in.start()
        _await_waiting(database_url)
        changing.commit()
    signing_in.join(30)

    assert answers == [403]
    assert visitor.get("/promotions").status_code == 303


def _await_waiting(database_url: str) -> None:
    """Wait until somebody waits for a lock to sign in."""
    with psycopg.connect(database_url, autocommit=True) as looking:
        for _ in range(500):
            waiting = looking.execute(
                "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%console_sessions%'"
            ).fetchone()
            if waiting is not None:
                return
            looking.execute("SELECT pg_sleep(0.02)")
    raise AssertionError("nobody waits")


def test_the_command_line_changes_a_secret(couponry: Couponry, shop: Shop):
    told = said(couponry("client", "secret", shop.client_id, "--store", shop.store_id))
    credentials = dict(line.split(": ") for line in told.splitlines())

    assert token(shop, shop.client_id, shop.client_secret) == 401
    assert token(shop, credentials["client_id"], credentials["client_secret"]) == 200


async def test_sessions_of_a_client_are_counted(guest: Visitor, database: Database):
    assert guest.sign_in().status_code == 303
    async with database.connection() as connection:
        assert await sessions.count(connection, UUID(guest.shop.store_id), guest.shop.client_id, utc_now()) == 2
