"""Carts are changed by several processes at once, and no change is lost."""

from concurrent.futures import ThreadPoolExecutor

import httpx

from support import Shop, custom_item

PATH = "/v2/carts/my-cart/items"


def test_changes_by_two_processes_are_all_kept(shop: Shop, api: str, another_api: str):
    shop.promotion(automatic=True)

    def add(base_url: str, number: int) -> int:
        body = {"data": custom_item(f"s-{number % 2}", amount=1000)}
        return httpx.post(base_url + PATH, json=body, headers=shop.shopper.headers, timeout=60).status_code

    with ThreadPoolExecutor(8) as together:
        asked = [together.submit(add, (api, another_api)[number // 2 % 2], number) for number in range(40)]
        assert {one.result(60) for one in asked} == {201}
        answer = httpx.get(another_api + PATH, headers=shop.shopper.headers).json()
    assert sorted(line["quantity"] for line in answer["data"]) == [1, 20, 20]
    assert answer["meta"]["display_price"]["with_tax"]["amount"] == 36_000
