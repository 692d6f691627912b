"""Carts over HTTP: what is in them, what they are called, whose they are, and how long they are kept."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest

from couponry.storage.database import Connection
from support import CartClient, Shop, custom_item, product

TWENTY_ATTRIBUTES = {f"a{number}": {"type": "integer", "value": number} for number in range(20)}


@pytest.fixture
def cart(shop: Shop) -> CartClient:
    return CartClient(shop)


def quantities(answer: Any) -> list[tuple[str, int]]:
    return [(line.get("sku", line["name"]), line["quantity"]) for line in answer["data"]]


def total(answer: Any) -> int:
    return answer["meta"]["display_price"]["with_tax"]["amount"]


def test_a_cart_is_there_as_soon_as_somebody_looks(cart: CartClient):
    first = cart.ok("GET")["data"]
    timestamps = first["meta"]["timestamps"]
    nothing = {"amount": 0, "currency": "USD", "formatted": "$0.00"}

    assert first == {
        "type": "cart",
        "id": "my-cart",
        "name": "Cart",
        "description": "",
        "discount_settings": {"custom_discounts_enabled": False, "use_rule_promotions": True},
        "inventory_settings": {"defer_inventory_check": False},
        "links": {"self": "/v2/carts/my-cart"},
        "meta": {
            "display_price": dict.fromkeys(
                (
                    "with_tax",
                    "without_tax",
                    "tax",
                    "discount",
                    "without_discount",
                    "shipping",
                    "shipping_discount",
                ),
                nothing,
            ),
            "timestamps": timestamps,
        },
        "relationships": {"items": {"data": []}, "customers": {"data": []}, "accounts": {"data": []}},
    }
    assert timestamps["created_at"] == timestamps["updated_at"] < timestamps["expires_at"]
    assert cart.ok("GET")["data"] == first


def test_a_custom_item_is_answered_as_elastic_path_does(cart: CartClient):
    answer = cart.add(custom_item("sock", 1050, 2, description="Warm."))
    [line] = answer["data"]

    def both(unit: int, value: int) -> dict[str, Any]:
        return {
            name: {"amount": amount, "currency": "USD", "formatted": f"${amount / 100:.2f}"}
            for name, amount in (("unit", unit), ("value", value))
        }

    assert line == {
        "id": line["id"],
        "type": "custom_item",
        "name": "A sock",
        "description": "Warm.",
        "sku": "sock",
        "slug": "",
        "image": {"mime_type": "", "file_name": "", "href": ""},
        "quantity": 2,
        "manage_stock": False,
        "unit_price": {"amount": 1050, "currency": "USD", "includes_tax": True},
        "value": {"amount": 2100, "currency": "USD", "includes_tax": True},
        "links": {},
        "meta": {
            "display_price": {
                "with_tax": both(1050, 2100),
                "without_tax": both(1050, 2100),
                "tax": both(0, 0),
                "discount": both(0, 0),
                "without_discount": both(1050, 2100),
            },
            "timestamps": line["meta"]["timestamps"],
        },
    }
    assert total(answer) == 2100


def test_custom_items_with_one_sku_are_one_line(cart: CartClient):
    cart.add(custom_item("sku-1", 20000, name="product-1"))
    cart.add(custom_item("sku-1", 20000, name="product-2"), custom_item("sku-2", 100), custom_item(None, 1))
    answer = cart.add(custom_item(None, 1), custom_item("sku-1", 20000, 3, custom_inputs={"front": "Ann"}))

    assert quantities(answer) == [("sku-1", 2), ("sku-2", 1), ("A sock", 1), ("A sock", 1), ("sku-1", 3)]
    assert answer["data"][0]["name"] == "product-1"
    assert answer["data"][4]["custom_inputs"] == {"front": "Ann"}
    assert quantities(cart.items()) == quantities(answer)


def test_products_are_found_by_id_or_sku_and_are_one_line(shop: Shop, cart: CartClient):
    shop.http.put("/v2/products", json={"data": [product("p", sku="s", prices={"USD": 700}, catalog_id="winter")]})
    cart.add({"type": "cart_item", "id": "p", "quantity": 1})
    [line] = cart.add({"type": "cart_item", "sku": "s", "quantity": 2})["data"]

    assert (line["type"], line["product_id"], line["sku"], line["quantity"]) == ("cart_item", "p", "s", 3)
    assert line["unit_price"] == {"amount": 700, "currency": "USD", "includes_tax": False}
    assert (line["catalog_id"], line["catalog_source"]) == ("winter", "pim")
    assert line["links"] == {"product": "/v2/products/p"}
    shop.http.put("/v2/products", json={"data": [product("p", sku="s", prices={"USD": 800})]})
    assert cart.items()["data"][0]["unit_price"]["amount"] == 700
    assert cart.add({"type": "cart_item", "id": "p", "quantity": 1})["data"][0]["unit_price"]["amount"] == 800


def test_products_that_cannot_be_added(shop: Shop, cart: CartClient):
    shop.http.put("/v2/products", json={"data": [product("p", sku="s", prices={"EUR": 700})]})
    missing = {"title": "Product not found", "status": 404, "detail": "The requested product could not be found"}

    refused = cart.refused("POST", "/items", {"type": "cart_item", "id": "none", "quantity": 1})
    assert refused == (404, missing | {"meta": {"id": "none"}})
    refused = cart.refused("POST", "/items", {"type": "cart_item", "sku": "none", "quantity": 1})
    assert refused == (404, missing | {"meta": {"sku": "none"}})
    assert cart.refused("POST", "/items", {"type": "cart_item", "id": "p", "quantity": 1}) == (
        400,
        {
            "title": "Could not add product",
            "status": 400,
            "detail": "This product does not have a price for USD",
            "meta": {"id": "p", "sku": "s"},
        },
    )
    refused = cart.refused("POST", "/items", {"type": "cart_item", "quantity": 1})
    assert (refused[1]["title"], refused[1]["source"]) == ("required", "data.id")
    assert cart.refused("POST", "/items", custom_item(amount=-100))[1] == {
        "title": "number_gte",
        "status": 400,
        "detail": "Must be greater than or equal to 0",
        "source": "data.price.amount",
        "meta": {"value": -100},
    }
    assert cart.items()["data"] == []


def test_a_price_in_another_currency_than_the_cart_s_is_refused(shop: Shop, cart: CartClient):
    price = {"amount": 1000, "currency": "EUR"}
    cart.add(custom_item())
    for items in (custom_item("boot", price=price), [custom_item("hat"), custom_item("boot", price=price)]):
        assert cart.refused("POST", "/items", items) == (
            400,
            {
                "title": "Cart Currency Mismatch",
                "status": 400,
                "detail": "This cart uses USD, cannot add item with currency EUR",
            },
        )
    assert cart.add(custom_item("boot", price=price | {"currency": "USD"}))["data"][1]["value"]["amount"] == 1000
    status, error = cart.refused("POST", "/items", custom_item("hat", price=price | {"currency": "euro"}))
    assert (status, error["source"]) == (400, "data.price.currency")


def test_a_price_fixes_the_currency_of_an_empty_cart(shop: Shop, cart: CartClient):
    item = custom_item(price={"amount": 1000, "currency": "EUR"})
    refused = shop.shopper.post(f"{cart.path}/items", json={"data": item}, headers={"X-Moltin-Currency": "JPY"})
    assert refused.json()["errors"][0]["title"] == "Cart Currency Mismatch"
    assert cart.add(item)["data"][0]["unit_price"]["currency"] == "EUR"


def test_the_first_line_fixes_the_currency_until_the_cart_is_empty(shop: Shop, cart: CartClient):
    shop.http.put("/v2/products", json={"data": [product("p", prices={"EUR": 700, "USD": 800})]})
    in_euros = {"X-MOLTIN-CURRENCY": "eur"}
    body = {"data": {"type": "cart_item", "id": "p", "quantity": 1}}
    path = "/v2/carts/my-cart/items"

    [line] = shop.shopper.post(path, json=body, headers=in_euros).json()["data"]
    assert line["unit_price"] == {"amount": 700, "currency": "EUR", "includes_tax": False}
    assert cart.add(body["data"])["data"][0]["value"] == {"amount": 1400, "currency": "EUR", "includes_tax": False}
    refused = shop.shopper.post(path, json={"data": custom_item()}, headers={"X-MOLTIN-CURRENCY": "USD"})
    assert refused.json()["errors"] == [
        {
            "title": "Cart Currency Mismatch",
            "status": 400,
            "detail": "This cart uses EUR, cannot add item with currency USD",
        }
    ]
    cart.ok("DELETE", "/items")
    assert cart.add(body["data"])["data"][0]["unit_price"]["currency"] == "USD"
    assert shop.shopper.get(path, headers={"X-MOLTIN-CURRENCY": "money"}).status_code == 400


def test_lines_are_changed_and_removed(cart: CartClient):
    first, second = (line["id"] for line in cart.add(custom_item("a"), custom_item("b", 500))["data"])
    not_found = {
        "title": "Not Found",
        "status": 404,
        "detail": "Item was not found in the cart",
        "meta": {"id": "none", "ids": ["none"]},
    }

    assert total(cart.ok("PUT", f"/items/{first}", {"id": first, "type": "cart_item", "quantity": 3})) == 3500
    assert cart.refused("PUT", "/items/none", {"quantity": 3}) == (404, not_found)
    changes = [{"id": first, "quantity": 1}, {"id": "none", "quantity": 1}, {"id": second, "quantity": 2}]
    assert cart.refused("PUT", "/items", changes) == (404, not_found)
    answer = cart.ok("PUT", "/items", changes, update_all_or_nothing=False)
    assert (quantities(answer), answer["errors"]) == ([("a", 1), ("b", 2)], [not_found])
    assert quantities(cart.ok("PUT", f"/items/{first}", {"quantity": 0})) == [("b", 2)]
    assert cart.ok("DELETE", f"/items/{second}")["data"] == []
    assert cart.refused("DELETE", f"/items/{second}")[0] == 404


def test_a_bulk_adds_all_or_what_it_can(shop: Shop, cart: CartClient):
    items = [custom_item("a"), {"type": "cart_item", "sku": "none", "quantity": 1}, custom_item("b")]

    assert cart.refused("POST", "/items", items)[1]["title"] == "Product not found"
    assert cart.items()["data"] == []
    answer = cart.ok("POST", "/items", items, add_all_or_nothing=False)
    assert quantities(answer) == [("a", 1), ("b", 1)]
    assert [error["meta"] for error in answer["errors"]] == [{"sku": "none"}]
    # As the JavaScript SDK sends it without options.
    wrapped = shop.shopper.post(f"{cart.path}/items", json={"data": {"data": [custom_item("c")]}})
    assert quantities(wrapped.json()) == [("a", 1), ("b", 1), ("c", 1)]


def test_a_cart_has_a_hundred_lines_and_a_million_units_at_most(cart: CartClient):
    cart.add(*(custom_item(f"s-{number}") for number in range(100)))
    status, error = cart.refused("POST", "/items", custom_item("more"))
    assert (status, error["status"], error["title"]) == (422, 422, "Too many cart items")
    cart.add(custom_item("s-0", quantity=999_999))
    assert cart.refused("POST", "/items", custom_item("s-0"))[1]["title"] == "number_lte"


def test_requests_at_once_lose_nothing(shop: Shop, cart: CartClient):
    def add(number: int) -> int:
        return shop.shopper.post(f"{cart.path}/items", json={"data": custom_item(f"s-{number % 3}")}).status_code

    with ThreadPoolExecutor(8) as together:
        assert set(together.map(add, range(30))) == {201}
    assert sorted(quantities(cart.items())) == [("s-0", 10), ("s-1", 10), ("s-2", 10)]


# What it is


def test_carts_are_begun_with_or_without_an_id(shop: Shop):
    answer = shop.shopper.post("/v2/carts", json={"data": {"name": "Ann's cart", "description": "For Holidays"}})
    assert answer.status_code == 201
    begun = answer.json()["data"]
    assert (begun["name"], begun["description"]) == ("Ann's cart", "For Holidays")
    assert shop.shopper.get(f"/v2/carts/{begun['id']}").json()["data"] == begun
    assert shop.shopper.post("/v2/carts", json={"data": {"id": "of mine"}}).json()["data"]["id"] == "of mine"
    assert shop.shopper.post("/v2/carts", json={"data": {"id": "a/b"}}).status_code == 404


def test_an_update_leaves_what_it_does_not_say(cart: CartClient):
    cart.ok("PUT", "", {"name": "Ann's", "contact": {"email": "ann@example.com"}})
    changed = cart.ok("PUT", "", {"description": "Socks"})["data"]
    assert (changed["name"], changed["description"]) == ("Ann's", "Socks")
    assert changed["contact"] == {"email": "ann@example.com"}
    assert "contact" not in cart.ok("PUT", "", {"contact": {"email": ""}})["data"]
    status, error = cart.refused("PUT", "", {"contact": {"email": "nobody"}})
    assert (status, error["title"], error["detail"], error["source"]) == (
        400,
        "format",
        "Does not match format 'email'",
        "data.contact.email",
    )


@pytest.mark.parametrize(
    "email", ["ann", "@", "ann@", "@host", "a@b@c", "an n@b", "ann@b\u0007c", ".ann@b", "ann.@b", "a..b@c", "ann@b."]
)
def test_what_is_no_email_reaches_nobody(cart: CartClient, email: str):
    status, error = cart.refused("PUT", "", {"contact": {"email": email}})
    assert (status, error["title"], error["source"]) == (400, "format", "data.contact.email")


@pytest.mark.parametrize("email", ["a@b", "Ann+sale.2@sub.example.com", "änn@exämple.com", " ann@example.com "])
def test_whatever_can_be_an_email_is_kept(cart: CartClient, email: str):
    assert cart.ok("PUT", "", {"contact": {"email": email}})["data"]["contact"]["email"] == email.strip()


def test_custom_attributes_are_replaced_and_seen_by_promotions(shop: Shop, cart: CartClient):
    shop.promotion(
        automatic=True,
        rule_set={
            "rules": {"strategy": "cart_custom_attribute", "operator": "eq", "args": ["vip", "boolean", True]},
            "actions": [{"strategy": "cart_discount", "args": ["fixed", 100]}],
        },
    )
    cart.add(custom_item())
    attributes = {"vip": {"type": "boolean", "value": True}}
    changed = cart.ok("PUT", "", {"custom_attributes": attributes})["data"]
    assert changed["custom_attributes"] == attributes
    assert changed["meta"]["display_price"]["discount"]["amount"] == -100
    titles = [message["title"] for message in changed["meta"]["messages"]]
    assert titles == ["Promotion Added", "Discount Added"]
    changed = cart.ok("PUT", "", {"custom_attributes": TWENTY_ATTRIBUTES})["data"]
    assert changed["custom_attributes"] == TWENTY_ATTRIBUTES
    assert changed["meta"]["display_price"]["discount"]["amount"] == 0
    many = TWENTY_ATTRIBUTES | {"one-more": {"type": "string", "value": "x"}}
    assert cart.refused("PUT", "", {"custom_attributes": many})[0] == 400
    assert cart.refused("PUT", "", {"custom_attributes": {"a": {"type": "string", "value": 1}}})[0] == 400
    assert "custom_attributes" not in cart.ok("PUT", "", {"custom_attributes": {}})["data"]


def test_a_cart_takes_one_kind_of_discounts(shop: Shop, cart: CartClient):
    shop.promotion(automatic=True)
    cart.add(custom_item())
    both = {"custom_discounts_enabled": True, "use_rule_promotions": True}
    assert cart.refused("PUT", "", {"discount_settings": both}) == (
        422,
        {
            "title": "Cannot use both discounts together",
            "status": 422,
            "detail": "Only one discount setting can be set to true at a time.",
        },
    )
    changed = cart.ok("PUT", "", {"discount_settings": {"custom_discounts_enabled": True}})["data"]
    assert changed["discount_settings"] == {"custom_discounts_enabled": True, "use_rule_promotions": False}
    assert changed["meta"]["display_price"]["discount"]["amount"] == 0
    changed = cart.ok("PUT", "", {"discount_settings": {"use_rule_promotions": True}})["data"]
    assert changed["discount_settings"] == {"custom_discounts_enabled": False, "use_rule_promotions": True}
    assert changed["meta"]["display_price"]["discount"]["amount"] == -100


def test_previews_show_what_will_be(shop: Shop, cart: CartClient):
    shop.promotion(automatic=True, start="2097-01-01", end="2098-01-01")
    preview = CartClient(shop, "preview", shop.http)
    preview.add(custom_item())

    assert preview.ok("PUT", "", {"snapshot_date": "2097-06-01T00:12:00Z"})["data"]["snapshot_date"].startswith("2097")
    assert total(preview.items()) == 900
    assert preview.refused("PUT", "", {"snapshot_date": None}) == (
        400,
        {
            "title": "Bad Request",
            "status": 400,
            "detail": "Cannot remove snapshot dates from carts with existing snapshot dates.",
        },
    )
    status, error = preview.refused("PUT", "", {"snapshot_date": "2020-06-01T00:12:00Z"})
    assert (status, error["status"], error["title"]) == (400, 400, "Invalid Snapshot Date")
    assert total(preview.ok("PUT", "/items", [{"id": preview.items()["data"][0]["id"], "quantity": 2}])) == 1800
    assert cart.refused("PUT", "", {"snapshot_date": "2097-06-01T00:12:00Z"})[0] == 403


# Whose it is


@pytest.mark.parametrize("kind", ["customer", "account"])
def test_associations_come_and_go(cart: CartClient, kind: str):
    path, ann, bob = f"/relationships/{kind}s", {"type": kind, "id": "ann"}, {"type": kind, "id": "bob"}

    assert cart.send("POST", path, [ann]).status_code == 200
    assert cart.ok("POST", path, [bob]) == {"data": [bob]}
    assert cart.ok("GET")["data"]["relationships"][f"{kind}s"] == {"data": [ann, bob]}
    assert cart.send("DELETE", path, [ann]).status_code == 204
    assert cart.ok("GET")["data"]["relationships"][f"{kind}s"] == {"data": [bob]}
    status, error = cart.refused("PUT", "", {"contact": {"email": "ann@example.com"}})
    assert (status, error["status"]) == (422, 400)


@pytest.mark.parametrize("kind", ["customer", "account"])
def test_only_guests_have_a_contact_email(cart: CartClient, kind: str):
    cart.ok("PUT", "", {"contact": {"email": "ann@example.com"}})
    assert cart.refused("POST", f"/relationships/{kind}s", [{"type": kind, "id": "ann"}]) == (
        422,
        {
            "title": f"Cannot associate {kind}s to carts with contact emails",
            "status": 400,
            "detail": f"Unable to associate {kind}s to carts with contact emails attached.",
        },
    )


def test_codes_of_a_customer_are_for_that_customer(shop: Shop, cart: CartClient):
    shop.add_codes(shop.promotion(), {"code": "ANNS", "user": "ann"})
    cart.add(custom_item())
    assert cart.refused("POST", "/items", {"type": "promotion_item", "code": "ANNS"})[0] == 404

    body = {"data": {"type": "promotion_item", "code": "ANNS"}}
    token = {"X-Moltin-Customer-Token": "ann"}
    assert total(shop.shopper.post(f"{cart.path}/items", json=body, headers=token).json()) == 900
    assert total(cart.items()) == 1000
    cart.ok("POST", "/relationships/customers", [{"type": "customer", "id": "ann"}])
    assert total(cart.items()) == 900
    cart.ok("DELETE", "/relationships/customers", [{"type": "customer", "id": "ann"}])
    assert total(cart.items()) == 1000


def test_tags_of_an_account_are_told_by_merchants_alone(shop: Shop, cart: CartClient):
    tag = "9c9d0d6c-2c56-4f6e-a3a6-1bb1f2e3f0a5"
    shop.promotion(
        automatic=True,
        rule_set={
            "rules": {"strategy": "account_tags", "operator": "contains_any", "args": [tag]},
            "actions": [{"strategy": "cart_discount", "args": ["percent", 50]}],
        },
    )
    cart.add(custom_item())
    account = {"type": "account", "id": "acme", "account_tags": [tag]}

    assert cart.refused("POST", "/relationships/accounts", [account])[0] == 403
    CartClient(shop, client=shop.http).ok("POST", "/relationships/accounts", [account])
    assert total(cart.items()) == 500


# How long it is kept


def test_settings_of_the_store_are_what_new_carts_begin_with(shop: Shop, cart: CartClient):
    path = "/v2/settings/cart"
    cart.ok("GET")
    assert shop.http.get(path).json()["data"] == {
        "type": "settings",
        "cart_expiry_days": 7,
        "discounts": {"custom_discounts_enabled": False, "use_rule_promotions": True},
        "inventories": {"defer_inventory_check": False},
        "checkout": {"strict": False, "give_back_on_cancel": False},
    }
    body = {"type": "settings", "cart_expiry_days": 365, "discounts": {"custom_discounts_enabled": True}}
    changed = shop.http.put(path, json={"data": body}).json()["data"]
    assert changed["cart_expiry_days"] == 365
    assert changed["discounts"] == {"custom_discounts_enabled": True, "use_rule_promotions": False}
    assert shop.http.get(path).json()["data"] == changed

    assert CartClient(shop, "new").ok("GET")["data"]["discount_settings"] == changed["discounts"]
    assert cart.ok("GET")["data"]["discount_settings"]["use_rule_promotions"]
    too_long = shop.http.put(path, json={"data": {"type": "settings", "cart_expiry_days": 366}})
    assert too_long.json()["errors"] == [
        {
            "title": "number_lte",
            "status": 400,
            "detail": "Must be less than or equal to 365",
            "source": "data.cart_expiry_days",
            "meta": {"value": 366},
        }
    ]
    assert shop.shopper.get(path).status_code == 403


async def test_expired_carts_begin_anew(shop: Shop, cart: CartClient, connection: Connection):
    cart.ok("PUT", "", {"name": "old"})
    cart.add(custom_item())
    await connection.execute("UPDATE carts SET expires_at = now() WHERE store_id = %s", [shop.store_id])

    begun = cart.ok("GET")["data"]
    assert (begun["name"], begun["relationships"]["items"]["data"]) == ("Cart", [])
    cart.add(custom_item())
    await connection.execute("UPDATE carts SET expires_at = now() WHERE store_id = %s", [shop.store_id])
    CartClient(shop, "another").ok("GET")
    rows = await connection.execute("SELECT id FROM carts WHERE store_id = %s", [shop.store_id])
    assert await rows.fetchall() == [("another",)]


def test_deleted_carts_begin_anew(cart: CartClient):
    cart.ok("PUT", "", {"name": "old"})
    assert cart.send("DELETE").status_code == 204
    assert cart.send("DELETE").status_code == 204
    assert cart.ok("GET")["data"]["name"] == "Cart"


@pytest.mark.parametrize("id_", ["%00", "a%00b", "x" * 256, "%0d%0aX-Injected:%201", "a%2fb"])
def test_ids_that_no_cart_can_have(shop: Shop, id_: str):
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/items"), ("DELETE", "/items"), ("GET", "/items/x")):
        assert shop.shopper.request(method, f"/v2/carts/{id_}{path}").status_code in (404, 405)


def test_any_other_id_is_taken(shop: Shop):
    for id_ in ("'; DROP TABLE carts --", "\N{WRAPPED PRESENT}", "..x", "a b", "%25"):
        path = f"/v2/carts/{httpx.URL('http://x/' + id_.replace('%', '%25')).raw_path.decode()[1:]}"
        assert shop.shopper.get(path).json()["data"]["id"] == id_


def test_carts_belong_to_their_store(shop: Shop, new_shop: Callable[..., Shop]):
    CartClient(shop).add(custom_item())
    assert CartClient(new_shop()).items()["data"] == []


def test_custom_inputs_nest_no_deeper_than_they_can_be_read_again(shop: Shop):
    def nested(levels: int) -> dict[str, Any]:
        inputs: Any = "x"
        for _ in range(levels - 1):
            inputs = [inputs]
        return {"a": inputs}

    client = CartClient(shop)
    assert client.add(custom_item(custom_inputs=nested(16)))
    for levels in (17, 65, 900):
        answer = client.send("POST", "/items", custom_item(custom_inputs=nested(levels)))
        assert answer.status_code in (400, 422), answer.text
        assert ("too_nested" in answer.text) == (levels < 60)


def test_a_cart_made_anew_is_not_taken_for_the_old_one(shop: Shop, database_url: str):
    versions: list[int] = []
    for _ in range(3):
        client = CartClient(shop)
        client.add(custom_item())
        with psycopg.connect(database_url) as connection:
            kept = connection.execute("SELECT version FROM carts WHERE store_id = %s", [shop.store_id])
            versions += [version for (version,) in kept]
        assert client.send("DELETE").status_code == 204
    assert len(set(versions)) == 3
