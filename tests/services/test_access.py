"""Tokens: who is given one, and what each opens (behaviour.md 6.1)."""

import asyncio
import base64
import json
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import jwt
import psycopg
import pytest

from couponry.services import access, clients
from couponry.services.context import Context, utc_now
from couponry.services.tries import whose
from couponry.storage import stores
from couponry.storage.database import Connection, Database
from support import Shop

PROMOTIONS = "/v2/rule-promotions"
BAD_REQUEST = {"errors": [{"title": "Bad Request", "status": "400"}]}
UNKNOWN_CLIENT = {"errors": [{"title": "Unauthorized", "status": "401"}]}
MISSING = {
    "errors": [
        {
            "title": "Unauthorized",
            "status": 401,
            "detail": "Authentication credentials were missing or incorrect.",
        }
    ]
}
INVALID = {"errors": [{"title": "Unable to validate access token", "status": 401}]}
FORBIDDEN = {"errors": [{"title": "Forbidden", "status": 403}]}


@pytest.fixture
def in_database(database_url: str) -> Callable[..., Any]:
    """Runs a coroutine function on a connection to the database and returns what it does."""

    async def run(action: Callable[[Connection], Any]) -> Any:
        database = Database(database_url, connections=1)
        await database.open()
        async with database.transaction() as connection:
            result = await action(connection)
        await database.close()
        return result

    return lambda action: asyncio.run(run(action))


@pytest.fixture
def key(in_database: Callable[..., Any]) -> bytes:
    """The key that signs tokens."""
    return in_database(lambda connection: access.signing_key(connection, "tokens", None))


def ask(shop: Shop, **form: str) -> httpx.Response:
    return shop.nobody.post("/oauth/access_token", data=form)


def with_token(shop: Shop, token: str, scheme: str = "Bearer") -> httpx.Response:
    return shop.nobody.get(f"{PROMOTIONS}", headers={"Authorization": f"{scheme} {token}"})


def merchant_form(shop: Shop) -> dict[str, str]:
    return {"grant_type": "client_credentials", "client_id": shop.client_id, "client_secret": shop.client_secret}


def guess(shop: Shop, secret: str, address: str) -> httpx.Response:
    form = merchant_form(shop) | {"client_secret": secret}
    return shop.nobody.post("/oauth/access_token", data=form, headers={"X-Forwarded-For": address})


class TestGuessingSecrets:
    def test_is_slowed_from_where_it_comes_and_nowhere_else(self, shop: Shop):
        answers = [guess(shop, f"wrong {n}", "192.0.2.1").status_code for n in range(11)]

        assert answers == [401] * 10 + [429]
        lucky = guess(shop, shop.client_secret, "192.0.2.1")
        assert lucky.status_code == 429
        assert 1 <= int(lucky.headers["retry-after"]) <= 2
        assert lucky.json()["errors"][0]["title"] == "Too many tries"
        assert guess(shop, shop.client_secret, "192.0.2.2").status_code == 200

    def test_is_not_what_a_machine_does_that_has_only_an_old_one(self, shop: Shop):
        assert [guess(shop, "old", "192.0.2.1").status_code for _ in range(30)] == [401] * 30

        assert guess(shop, shop.client_secret, "192.0.2.1").status_code == 200

    def test_at_no_client_stores_nothing(self, shop: Shop, database_url: str):
        form = merchant_form(shop) | {"client_id": uuid4().hex}
        assert ask(shop, **form).status_code == 401

        with psycopg.connect(database_url) as connection:
            guessed = whose("guesses", "127.0.0.1", form["client_id"])
            assert connection.execute("SELECT FROM sign_in_tries WHERE who = %s", [guessed]).fetchone() is None


def test_a_form_that_anybody_may_send_is_small(shop: Shop):
    assert ask(shop, a="%" * 20_000).status_code == 413


class TestAskingForATokenWith:
    def test_a_client_s_credentials(self, shop: Shop):
        answer = ask(shop, **merchant_form(shop))

        assert answer.status_code == 200
        document = answer.json()
        assert abs(document.pop("expires") - time.time() - 3600) < 30
        token = document.pop("access_token")
        assert document == {"identifier": "client_credentials", "expires_in": 3600, "token_type": "Bearer"}
        assert with_token(shop, token).status_code == 200

    def test_no_secret_as_shoppers_do(self, shop: Shop):
        answer = ask(shop, grant_type="implicit", client_id=shop.client_id)

        assert answer.status_code == 200
        assert answer.json()["identifier"] == "implicit"

    def test_a_form_that_is_called_json_or_json_itself(self, shop: Shop):
        url = f"{shop.http.base_url}/oauth/access_token"
        form = merchant_form(shop)

        called_json = shop.nobody.post(
            url, content=str(httpx.QueryParams(form)), headers={"Content-Type": "application/json"}
        )
        assert called_json.status_code == shop.nobody.post(url, json=form).status_code == 200

    def test_wrong_credentials(self, shop: Shop):
        form = merchant_form(shop)
        for wrong in (
            {"client_secret": "wrong"},
            {"client_secret": ""},
            {"client_secret": form["client_secret"] + " "},
            {"client_id": "nobody"},
            {"client_id": form["client_id"].upper() + "x"},
            {"grant_type": "implicit", "client_id": "nobody"},
        ):
            answer = ask(shop, **form | wrong)
            assert (answer.status_code, answer.json()) == (401, UNKNOWN_CLIENT)

    def test_what_cannot_be_understood(self, shop: Shop):
        form = merchant_form(shop)
        for form_ in (
            {},
            form | {"grant_type": "password"},
            form | {"grant_type": ""},
            form | {"client_id": ""},
            form | {"client_id": "a\0b"},
        ):
            answer = ask(shop, **form_)
            assert (answer.status_code, answer.json()) == (400, BAD_REQUEST)
        for body in (b"{", b"\xff", b"[]", b'{"client_id":1}', b"a=" * 200):
            answer = shop.nobody.post("/oauth/access_token", content=body)
            assert (answer.status_code, answer.json()) == (400, BAD_REQUEST)

    def test_the_secret_of_another_client(self, shop: Shop, new_shop: Callable[..., Shop]):
        answer = ask(shop, **merchant_form(shop) | {"client_secret": new_shop().client_secret})

        assert (answer.status_code, answer.json()) == (401, UNKNOWN_CLIENT)


class TestARequest:
    def test_without_a_token_is_told_so(self, shop: Shop):
        url = f"{shop.http.base_url}{PROMOTIONS}"
        for headers in ({}, {"Authorization": ""}, {"Authorization": "Bearer"}, {"Authorization": "Basic YTpi"}):
            answer = shop.nobody.get(url, headers=headers)
            assert (answer.status_code, answer.json()) == (401, MISSING)

    @pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
    def test_with_anything_but_a_token_of_ours_is_told_so(self, shop: Shop, key: bytes):
        token = shop.http.headers["Authorization"].removeprefix("Bearer ")
        header, claims, signature = token.split(".")
        read = jwt.decode(token, key, ["HS256"])
        now = int(time.time())

        def signed(with_key: bytes = key, algorithm: str = "HS256", **changes: Any) -> str:
            changed = {name: value for name, value in (read | changes).items() if value is not None}
            return jwt.encode(changed, with_key, algorithm)

        def part(document: Any) -> str:
            return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()

        assert with_token(shop, signed()).status_code == 200
        for forged in (
            "garbage",
            "a.b.c",
            token[:-2],
            f"{header}.{claims}.",
            f"{header}.{part(read | {'exp': now + 9999})}.{signature}",
            f"{part({'alg': 'none', 'typ': 'JWT'})}.{claims}.",
            f"{part({'alg': 'none', 'typ': 'JWT'})}.{claims}.{signature}",
            signed(bytes(32)),
            signed(algorithm="HS512"),
            signed(exp=now - 1),
            signed(exp=None),
            signed(sub=None),
            signed(store=None),
            signed(grant="admin"),
            signed(grant=None),
            signed(store="default"),
            signed(store=str(uuid4())),
            signed(sub="nobody"),
        ):
            answer = with_token(shop, forged)
            assert (answer.status_code, answer.json()) == (401, INVALID), forged

    def test_with_letters_that_no_token_has_is_refused(self, shop: Shop):
        url = f"{shop.http.base_url}{PROMOTIONS}"

        answer = shop.nobody.get(url, headers={"Authorization": b"Bearer \xe9\xff"})

        assert (answer.status_code, answer.json()) == (401, INVALID)

    def test_names_the_scheme_in_any_case(self, shop: Shop):
        token = shop.http.headers["Authorization"].removeprefix("Bearer ")

        assert with_token(shop, token, "bearer").status_code == 200

    def test_of_a_shopper_reaches_nothing_of_the_merchant_s(self, shop: Shop):
        answer = shop.shopper.get(PROMOTIONS)

        assert (answer.status_code, answer.json()) == (403, FORBIDDEN)


class TestARevokedClient:
    def test_gets_no_token_at_once_and_is_refused_within_seconds(self, shop: Shop, in_database: Callable[..., Any]):
        store_id = UUID(shop.store_id)
        assert shop.http.get(PROMOTIONS).status_code == 200

        in_database(lambda connection: stores.revoke_client(connection, store_id, shop.client_id, utc_now()))

        assert ask(shop, **merchant_form(shop)).status_code == 401
        assert ask(shop, grant_type="implicit", client_id=shop.client_id).status_code == 401
        deadline = time.monotonic() + 7
        while (answer := shop.http.get(PROMOTIONS)).status_code == 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert (answer.status_code, answer.json()) == (401, INVALID)

    def test_leaves_the_store_s_other_clients_alone(self, shop: Shop, in_database: Callable[..., Any]):
        store_id = UUID(shop.store_id)
        other = in_database(lambda connection: clients.create_client(Context(connection, store_id, "test"), "other"))
        promotion = shop.promotion()

        in_database(lambda connection: stores.revoke_client(connection, store_id, shop.client_id, utc_now()))

        form = {"grant_type": "client_credentials", "client_id": other.client_id, "client_secret": other.client_secret}
        listed = with_token(shop, ask(shop, **form).json()["access_token"]).json()["data"]
        assert [found["id"] for found in listed] == [promotion]


class TestSettings:
    def test_official_clients_learn_that_promotions_are_there(self, shop: Shop):
        answer = shop.http.get("/v2/settings/promotions")

        assert answer.status_code == 200
        assert answer.json() == {"data": {"type": "promotion_settings", "rule_promotions_preview_enabled": True}}
