"""The page that documents the API: whole, and from here alone."""

import re

import httpx
import pytest


@pytest.fixture
def page(api: str) -> httpx.Response:
    return httpx.get(f"{api}/docs")


def test_the_page_shows_every_operation_and_schema(api: str, page: httpx.Response):
    document = httpx.get(f"{api}/openapi.json").json()
    ids = set(re.findall(r'id="([^"]+)"', page.text))
    assert {one["operationId"] for methods in document["paths"].values() for one in methods.values()} <= ids
    assert {f"schema-{name}" for name in document["components"]["schemas"]} <= ids
    assert set(re.findall(r'href="#([^"]+)"', page.text)) <= ids


def test_the_page_loads_only_what_is_served_beside_it(api: str, page: httpx.Response):
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(
        r"(?:src|href)=\"(?:https?:)?//|<style|<script(?! type=\"module\" src=\"/docs/)| on\w+=", page.text
    )
    for path, kind in (("/docs/docs.css", "text/css"), ("/docs/docs.js", "text/javascript")):
        assert path in page.text
        answer = httpx.get(api + path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, f"{kind}; charset=utf-8")


@pytest.mark.parametrize("path", ["/docs", "/docs/docs.css", "/openapi.json"])
def test_what_a_client_has_is_not_sent_again(api: str, path: str):
    first = httpx.get(api + path)
    again = httpx.get(api + path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert httpx.get(api + path, headers={"if-none-match": '"other"'}).status_code == 200


def test_the_address_itself_leads_to_the_documentation(api: str):
    answer = httpx.get(f"{api}/")
    assert (answer.status_code, answer.headers["location"]) == (302, "/docs")
