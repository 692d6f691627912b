"""Carts are judged while promotions change: never by what was there before a change that had been acknowledged."""

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx

from support import Shop, evaluation_body

PROMOTIONS = "/v2/rule-promotions"
CHANGES = 50


def rule_set(share: int) -> dict[str, object]:
    return {
        "rules": {"strategy": "cart_total", "operator": "gte", "args": [1]},
        "actions": [{"strategy": "cart_discount", "args": ["percent", share]}],
    }


class Changes:
    """A promotion whose percentage grows, and the last percentage that the server has acknowledged."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.acknowledged = 1
        self.over = threading.Event()
        self.promotion = shop.promotion(automatic=True, rule_set=rule_set(1))

    def make(self) -> None:
        try:
            for share in range(2, CHANGES + 2):
                body = {"data": {"rule_set": rule_set(share)}}
                answer = self.shop.http.put(f"{PROMOTIONS}/{self.promotion}", json=body)
                assert answer.status_code == 200, answer.text
                self.acknowledged = share
        finally:
            self.over.set()

    def watch(self, base_url: str) -> set[int]:
        """Have carts judged until the changes are over, and return the percentages seen."""
        seen = set[int]()
        with httpx.Client(base_url=base_url, headers=self.shop.http.headers, timeout=60) as client:
            while not self.over.is_set():
                least = self.acknowledged
                answer = client.post(f"{PROMOTIONS}/evaluations", json=evaluation_body())
                share = -answer.json()["data"]["totals"]["discount"] // 20
                assert share >= least
                seen.add(share)
        return seen


def test_no_cart_is_judged_by_promotions_older_than_an_acknowledged_change(shop: Shop, api: str, another_api: str):
    changes = Changes(shop)

    with ThreadPoolExecutor(5) as pool:
        watching = [pool.submit(changes.watch, url) for url in (api, another_api) * 2]
        changing = pool.submit(changes.make)
        changing.result(120)
        seen = [one.result(120) for one in watching]

    assert all(len(one) > 10 for one in seen), "they watched while promotions changed"
