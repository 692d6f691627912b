"""Products over HTTP: stored whole and all or none, found again, and never another one's sku."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from support import Shop, product

PRODUCTS = "/v2/products"
WHOLE = {
    "type": "product",
    "id": "p-1",
    "sku": "sock-red",
    "name": "Red sock",
    "description": "Warm.\nAnd red.",
    "prices": {"EUR": 900, "USD": 1000},
    "catalog_id": "winter",
    "category_ids": ["clothes", "socks"],
    "attributes": {"products(socks)": {"brand": "EP", "sizes": [39, 42.5, True], "tiny": 5e-324, "none": None}},
}


def put(shop: Shop, *products: Any) -> httpx.Response:
    return shop.http.put(PRODUCTS, json={"data": list(products)})


def stored(shop: Shop, *products: Any) -> list[dict[str, Any]]:
    answer = put(shop, *products)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def names(shop: Shop, **query: str) -> list[str]:
    answer = shop.http.get(PRODUCTS, params=query)
    assert answer.status_code == 200, answer.text
    return [found["id"] for found in answer.json()["data"]]


def faults(answer: httpx.Response) -> list[tuple[str, str]]:
    assert answer.status_code == 400, answer.text
    return [(error["title"], error.get("source", "")) for error in answer.json()["errors"]]


def test_a_product_is_read_back_as_it_was_written(shop: Shop):
    [answered] = stored(shop, WHOLE)
    timestamps = answered["meta"]["timestamps"]

    assert answered == WHOLE | {"meta": {"timestamps": timestamps}}
    assert timestamps["created_at"] == timestamps["updated_at"]
    assert shop.http.get(f"{PRODUCTS}/p-1").json() == {"data": answered}
    document = shop.http.get(PRODUCTS).json()
    assert document["data"] == [answered]
    assert document["meta"]["results"] == {"total": 1, "total_method": "exact"}


def test_a_product_is_replaced_whole_and_keeps_when_it_came_to_be(shop: Shop):
    [before] = stored(shop, WHOLE)
    [after] = stored(shop, {"type": "product", "id": "p-1", "name": "Sock", "prices": {"EUR": 0}})

    assert after == {
        "type": "product",
        "id": "p-1",
        "name": "Sock",
        "prices": {"EUR": 0},
        "meta": {"timestamps": after["meta"]["timestamps"]},
    }
    assert after["meta"]["timestamps"]["created_at"] == before["meta"]["timestamps"]["created_at"]
    assert shop.http.get(f"{PRODUCTS}/p-1").json()["data"] == after


def test_what_was_read_can_be_written_back(shop: Shop):
    stored(shop, WHOLE, product("b"))
    read = shop.http.get(PRODUCTS).json()["data"]
    again = stored(shop, *read)
    assert [one | {"meta": None} for one in again] == [one | {"meta": None} for one in read]


def test_a_thousand_are_stored_in_the_order_they_were_sent_and_no_more(shop: Shop):
    many = [product(f"p-{number}", sku=f"sku-{number}") for number in range(1000, 0, -1)]

    assert [one["id"] for one in stored(shop, *many)] == [one["id"] for one in many]
    assert faults(put(shop, *many, product("one more"))) == [("array_max_items", "data")]
    assert faults(put(shop)) == [("array_min_items", "data")]
    meta = shop.http.get(PRODUCTS, params={"page[limit]": "10", "page[offset]": "20"}).json()["meta"]
    assert meta["page"] == {"limit": 10, "offset": 20, "current": 3, "total": 100}


def test_all_are_stored_or_none(shop: Shop):
    stored(shop, product("a", sku="taken"))
    refused = put(shop, product("b", sku="free"), product("c", sku="taken"))

    assert refused.status_code == 422
    assert refused.json() == {
        "errors": [
            {"title": "Duplicate sku", "status": "422", "detail": "Another product has the sku taken already"},
        ]
    }
    assert names(shop) == ["a"]


def test_products_exchange_their_skus_and_free_ones_are_taken(shop: Shop):
    stored(shop, product("a", sku="1"), product("b", sku="2"))
    stored(shop, product("a", sku="2"), product("b", sku="1"))
    assert names(shop, filter="eq(sku,1)") == ["b"]

    stored(shop, product("b"), product("c", sku="1"))
    assert shop.http.delete(f"{PRODUCTS}/c").status_code == 204
    stored(shop, product("d", sku="1"), product("e"))


def test_every_fault_of_a_request_is_named(shop: Shop):
    answer = put(
        shop,
        product("a", sku="s"),
        product("b", sku="s"),
        product("a", sku="t"),
    )
    assert faults(answer) == [("unique", "data.2.id"), ("unique", "data.1.sku")]
    answer = put(
        shop,
        product("a", prices={"USD": -1, "EUR": 1.5}),
        product("b", prices={}),
        product("c", prices={"usd": 1}),
        product("d", price=1),
        {"id": "e"},
    )
    assert set(faults(answer)) == {
        ("number_gte", "data.0.prices.USD"),
        ("invalid_type", "data.0.prices.EUR"),
        ("array_min_properties", "data.1.prices"),
        ("pattern", "data.2.prices"),
        ("additional_property_not_allowed", "data.3.price"),
        ("required", "data.4.name"),
        ("required", "data.4.prices"),
        ("required", "data.4.type"),
    }
    assert names(shop) == []


@pytest.mark.parametrize(
    "members",
    [
        {"id": ""},
        {"id": "x" * 256},
        {"id": "a\nb"},
        {"id": "a\x00"},
        {"sku": ""},
        {"sku": "\U0001f381" * 256},
        {"sku": "a\tb"},
        {"category_ids": ["\x00"]},
        {"category_ids": ["x"] * 401},
        {"category_ids": ["x" * 1000] * 70},
        {"attributes": {"t": {"f": {"deep": 1}}}},
        {"attributes": {"t": {"f": ["x" * 1000] * 70}}},
        {"attributes": {"t": {"f\x00": 1}}},
        {"attributes": {"t": {"f": 1e300}}},
        {"prices": {"USD": 10**400}},
        {"prices": {"USD": 2**63}},
        {"prices": {"USD": 10**12 + 1}},
        {"prices": {"USD": True}},
        {"prices": {f"{a}{b}C": 1 for a in "ABCDEFGHIJKLMNO" for b in "ABCDEFGHIJKLMNO"}},
        {"prices": [["USD", 1]]},
        {"name": "x" * 256},
        {"description": "\x00"},
        {"catalog_id": ""},
    ],
    ids=repr,
)
def test_what_no_product_can_be_is_refused(shop: Shop, members: dict[str, Any]):
    assert faults(put(shop, product("a", **members)))
    assert names(shop) == []


def test_the_greatest_there_can_be_is_stored_and_found(shop: Shop):
    greatest = product(
        "\U0001f381" * 255,
        sku="\U0001f9e6" * 255,
        name="\U0001f381" * 255,
        description="\U0001f381" * 65_535,
        prices={f"{a}{b}C": 10**12 for a in "ABCDEFGHIJKLMN" for b in "ABCDEFGHIJKLMN"},
        category_ids=["x" * 1000] * 64,
        attributes={"t": {"f": [5e-324] * 100, "g": ["x" * 600] * 100}},
    )
    [answered] = stored(shop, greatest)
    assert shop.http.get(f"{PRODUCTS}/{quote(greatest['id'])}").json()["data"] == answered
    assert len(names(shop, filter=f"eq(sku,'{greatest['sku']}')")) == 1


@pytest.mark.parametrize("id_", ["gid://shop/Product/1", "a b", "a?b#c", "100%", "..", "a/", "ü", "%2F"])
def test_any_id_is_found_by_its_path(shop: Shop, id_: str):
    stored(shop, product(id_), product("other"))
    path = f"{PRODUCTS}/{quote(id_, safe='').replace('.', '%2E')}"

    assert shop.http.get(path).json()["data"]["id"] == id_
    assert shop.http.delete(path).status_code == 204
    gone = shop.http.get(path)
    assert (gone.status_code, gone.json()["errors"]) == (
        404,
        [{"title": "Not Found", "status": 404, "detail": "product not found"}],
    )
    assert shop.http.delete(path).status_code == 404
    assert names(shop) == ["other"]


def test_lists_are_filtered_by_id_and_sku(shop: Shop):
    stored(shop, *(product(f"p-{number}", sku=f"s-{number}") for number in range(5)), product("bare"))

    assert names(shop, filter="eq(sku,s-1)") == ["p-1"]
    assert names(shop, filter="eq(id,p-2)|in(sku,s-0,s-4,none)") == ["p-0", "p-2", "p-4"]
    assert names(shop, filter="in(id,p-1,p-2):eq(sku,s-2)") == ["p-2"]
    assert names(shop, filter="eq(sku,S-1)") == []
    document = shop.http.get(PRODUCTS, params={"page[limit]": "2", "filter": "in(sku,s-1,s-2,s-3)"}).json()
    assert document["meta"]["results"]["total"] == 3
    assert "page[offset]=2" in document["links"]["next"]
    refused = shop.http.get(PRODUCTS, params={"filter": "eq(name,x)"})
    assert refused.json()["errors"][0]["detail"] == "Could not parse the supplied filter"


@pytest.mark.parametrize("text", ["%00", "a%00b", "%ff", "%c0%80", "%ed%a0%80", "%0d%0aX-Injected:%201", "x" * 10_000])
def test_hostile_paths_and_filters_never_break_anything(shop: Shop, text: str):
    for method in ("GET", "DELETE"):
        assert shop.http.request(method, f"{PRODUCTS}/{text}").status_code == 404
    for query in (f"eq(id,{text})", f"in(sku,{text},{text})", f"eq(sku,'{text}')", text):
        assert shop.http.get(f"{PRODUCTS}?filter={query}").status_code in (200, 400)


def test_shoppers_read_and_only_merchants_write(shop: Shop):
    stored(shop, WHOLE)
    assert shop.shopper.get(f"{PRODUCTS}/p-1").json()["data"]["sku"] == "sock-red"
    assert len(shop.shopper.get(PRODUCTS).json()["data"]) == 1
    assert shop.shopper.put(PRODUCTS, json={"data": [WHOLE]}).status_code == 403
    assert shop.shopper.delete(f"{PRODUCTS}/p-1").status_code == 403
    assert shop.nobody.get(f"{PRODUCTS}/p-1").status_code == 401


def test_ids_and_skus_belong_to_their_store(shop: Shop, new_shop: Callable[..., Shop]):
    other = new_shop()
    stored(shop, product("a", sku="s", name="mine"))
    stored(other, product("a", sku="s", name="theirs"), product("b", sku="t"))

    assert names(shop) == ["a"]
    assert shop.http.get(f"{PRODUCTS}/a").json()["data"]["name"] == "mine"
    assert names(shop, filter="in(sku,s,t)") == ["a"]
    assert other.http.delete(f"{PRODUCTS}/a").status_code == 204
    assert names(shop) == ["a"]


def test_writers_of_the_same_products_never_wait_in_a_circle(shop: Shop):
    ids = [f"p-{number:03}" for number in range(200)]
    ready = threading.Barrier(10)

    def write(turn: int) -> list[int]:
        skus = [f"s-{(number + 20 * turn) % 200}" for number in range(200)]
        pairs = list(zip(ids, skus, strict=True))[:: 1 if turn % 2 else -1]
        body = json.dumps({"data": [product(id_, sku=sku) for id_, sku in pairs]})
        with httpx.Client(base_url=shop.http.base_url, headers=shop.http.headers, timeout=60, verify=False) as client:
            ready.wait(30)
            written = [client.put(PRODUCTS, content=body).status_code for _ in range(5)]
            return [*written, client.delete(f"{PRODUCTS}/{ids[turn]}").status_code]

    with ThreadPoolExecutor(10) as together:
        answers = [status for statuses in together.map(write, range(10)) for status in statuses]
    assert set(answers) <= {200, 204}


def test_of_many_who_want_the_same_skus_at_once_one_gets_them_all(shop: Shop):
    """Without their waiting for each other first, PostgreSQL would find them waiting in a circle."""
    ready = threading.Barrier(6)

    def write(turn: int) -> int:
        products = [product(f"p-{turn}-{number}", sku=f"s-{number}") for number in range(1000)]
        body = json.dumps({"data": products[:: 1 if turn % 2 else -1]})
        with httpx.Client(base_url=shop.http.base_url, headers=shop.http.headers, timeout=60, verify=False) as client:
            ready.wait(30)
            return client.put(PRODUCTS, content=body).status_code

    with ThreadPoolExecutor(6) as together:
        answers = list(together.map(write, range(6)))
    assert sorted(answers) == [200] + [422] * 5
    assert shop.http.get(PRODUCTS).json()["meta"]["results"]["total"] == 1000
