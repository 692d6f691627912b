"""What Prometheus is told."""

import httpx

from support import Shop


def test_requests_are_counted_by_path_template_and_status(shop: Shop, api: str):
    shop.http.get(f"/v2/rule-promotions/{shop.promotion()}")
    told = httpx.get(f"{api}/metrics")

    assert told.status_code == 200
    assert told.headers["content-type"].startswith("text/plain")
    counted = [line for line in told.text.splitlines() if line.startswith("couponry_requests_total{")]
    assert any('path="/v2/rule-promotions/{promotion_id}"' in line and 'status_code="200"' in line for line in counted)


def test_unfinished_jobs_are_told_by_status(api: str):
    told = httpx.get(f"{api}/metrics").text

    for status in ("pending", "processing", "cancelling"):
        assert f'couponry_jobs{{status="{status}"}} ' in told
