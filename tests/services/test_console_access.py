"""The pages of clients and of the audit log: what they show, what they end, and what they never show again."""

import re

import pytest
from markupsafe import escape

from browser_season import HOSTILE
from installation import Records
from support import Shop, codes_body, promotion_body
from visitor import Visitor


def made(page: str) -> tuple[str, str]:
    """Return the id and the secret that a page shows."""
    client_id, secret = re.findall(r"<code data-said>([^<]+)</code>", page)
    return client_id, secret


def grants(shop: Shop, client_id: str, secret: str) -> bool:
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    return shop.nobody.post("/oauth/access_token", data=form).status_code == 200


def test_a_client_is_created_and_its_secret_shown_once(guest: Visitor):
    answer = guest.post("/access", name="Till")

    assert answer.status_code == 201
    client_id, secret = made(answer.text)
    assert grants(guest.shop, client_id, secret)
    page = guest.shown("/access")
    assert client_id in page
    assert secret not in page
    assert answer.headers["cache-control"] == "no-store"


def test_a_client_without_a_name_is_refused_beside_the_field(guest: Visitor):
    answer = guest.post("/access", name=" ")

    assert answer.status_code == 422
    assert 'id="name-fault"' in answer.text


def test_a_client_is_revoked_after_a_question_that_says_what_ends(guest: Visitor):
    client_id, secret = made(guest.post("/access", name="Till").text)

    question = guest.shown(f"/access/revoke?client_id={client_id}")
    assert "Nobody is signed in" in question
    assert "You are signed in with this client" not in question
    assert guest.post("/access/revoke", client_id=client_id).headers["location"] == "/console/access"

    assert not grants(guest.shop, client_id, secret)
    assert "Revoked" in guest.shown("/access")
    assert guest.get(f"/access/revoke?client_id={client_id}").status_code == 404


def test_one_s_own_client_is_revoked_only_when_that_is_meant(guest: Visitor):
    own = guest.shop.client_id
    question = guest.shown(f"/access/revoke?client_id={own}")
    assert "You are signed in with this client" in question
    assert "1 session" in question

    unmeant = guest.post("/access/revoke", client_id=own)
    assert unmeant.status_code == 422
    assert grants(guest.shop, own, guest.shop.client_secret)

    meant = guest.post("/access/revoke", client_id=own, own="on")
    assert meant.headers["location"] == "/console/sign-in"
    assert not grants(guest.shop, own, guest.shop.client_secret)
    assert guest.get("/promotions").status_code == 303


def test_another_secret_is_shown_once_and_ends_every_session(guest: Visitor):
    own = guest.shop.client_id
    assert "You are signed in with this client" in guest.shown(f"/access/secret?client_id={own}")

    answer = guest.post("/access/secret", client_id=own)

    assert made(answer.text)[0] == own
    assert grants(guest.shop, *made(answer.text))
    assert not grants(guest.shop, own, guest.shop.client_secret)
    assert "You are signed out." in answer.text
    assert guest.get("/access").status_code == 303


def test_the_clients_of_another_store_cannot_be_touched(guest: Visitor, new_shop):
    other = new_shop()
    for what in ("revoke", "secret"):
        assert guest.get(f"/access/{what}?client_id={other.client_id}").status_code == 404
        assert guest.post(f"/access/{what}", client_id=other.client_id).status_code == 404
    assert grants(other, other.client_id, other.client_secret)
    assert other.client_id not in guest.shown("/access")
    assert other.client_id not in guest.shown("/audit")


def test_the_log_shows_who_did_what_to_what(guest: Visitor):
    id_ = guest.shop.promotion(name="Summer")
    guest.shop.add_codes(id_, "SUN")
    guest.post(f"/promotions/{id_}/disable")

    page = guest.shown("/audit")

    entries = [
        " ".join(re.sub(r"<[^>]+>", "", one).split())
        for one in re.findall(r"<p class=\"did\">.*?</p>", page, re.DOTALL)
    ]
    assert entries == [
        "test disabled a promotion: Summer",
        "test added codes: Summer",
        "test created a promotion: Summer",
        "test signed in",
        "test created a client: test",
    ]
    assert "SUN" in page


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("action=promotion.created", ["created a promotion"], ["added codes"]),
        ("action=no.such.action", ["Nothing found"], []),
        ("since=2001-01-01&until=2001-01-02", ["Nothing found"], []),
        ("since=2001-01-01&until=9999-12-31", ["added codes"], []),
        ("since=yesterday&until=%00&page=x", ["added codes"], []),
        ("client=nobody", ["Nothing found"], []),
    ],
)
def test_the_log_is_sifted(guest: Visitor, query: str, shown: list[str], hidden: list[str]):
    guest.shop.add_codes(guest.shop.promotion(), "a")

    log = guest.shown(f"/audit?{query}").partition("</form>\n")[2]
    log = log.rpartition('role="search"')[2].partition("</form>")[2]

    for words in shown:
        assert words in log
    for words in hidden:
        assert words not in log


def test_the_log_of_one_promotion_is_shown_alone_and_page_by_page(guest: Visitor):
    first, second = guest.shop.promotion(name="First"), guest.shop.promotion(name="Second")
    for number in range(26):
        guest.shop.add_codes(first, f"code-{number}")

    page = guest.shown(f"/audit?of={first}")

    assert "Second" not in page
    assert "1\N{EN DASH}25 of 27 entries" in page
    assert f"/console/audit?of={first}&amp;page=2" in page
    assert "created a promotion" in guest.shown(f"/audit?of={first}&page=2").rpartition("</form>")[2]
    assert "First" not in guest.shown(f"/audit?of={second}").rpartition("</form>")[2]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_made_to_do_harm_do_none(guest: Visitor, name: str):
    guest.post("/access", name=name)
    id_ = guest.shop.promotion(name="Tame")
    guest.shop.http.put(f"/v2/rule-promotions/{id_}", json={"data": {"name": name}}).raise_for_status()
    guest.shop.add_codes(id_, name)
    headers = {"X-Request-Id": name}
    guest.shop.http.put(
        "/v2/settings/cart", json={"data": {"type": "settings", "cart_expiry_days": 9}}, headers=headers
    ).raise_for_status()

    for path in ("/access", "/audit"):
        page = guest.shown(path)
        assert str(escape(name)) in page
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_strangers_see_neither_page(visitor: Visitor):
    for path in ("/access", "/audit", "/access/revoke?client_id=x", "/access/secret?client_id=x"):
        assert visitor.get(path).status_code == 303
    token = visitor.token("/sign-in")
    for path in ("/access", "/access/revoke", "/access/secret"):
        assert visitor.post(path, form_token=token, client_id=visitor.shop.client_id).status_code == 303
    assert grants(visitor.shop, visitor.shop.client_id, visitor.shop.client_secret)


def test_clients_are_called_by_their_names_wherever_they_did_something(guest: Visitor):
    shop = guest.shop
    client_id, secret = made(guest.post("/access", name="Web <shop>").text)
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    token = shop.nobody.post("/oauth/access_token", data=form).json()["access_token"]
    promotion = promotion_body(name="Theirs")
    bearer = {"Authorization": f"Bearer {token}"}
    id_ = shop.nobody.post("/v2/rule-promotions", json=promotion, headers=bearer).json()["data"]["id"]
    codes = f"/v2/rule-promotions/{id_}/codes"
    code = shop.nobody.post(codes, json=codes_body("A"), headers=bearer).json()["data"][0]["id"]
    guest.post("/access/revoke", client_id=client_id)
    named = f'<span title="{client_id}">Web &lt;shop&gt;</span>'

    assert f"by {named}" in guest.shown(f"/promotions/{id_}")
    assert f"by {named}" in guest.shown(f"/promotions/{id_}/codes/{code}")
    log = guest.shown(f"/audit?client={client_id}")
    assert f"<strong>{named}</strong> added codes" in " ".join(log.split())
    assert f'<option value="{client_id}" selected>Web &lt;shop&gt;, revoked</option>' in log


@pytest.mark.parametrize(
    ("by", "shown"),
    [("somebody <i>", "<code>somebody &lt;i&gt;</code>"), ("cli", '<span title="cli">the command line</span>')],
)
def test_who_is_no_client_is_called_as_they_call_themselves(guest: Visitor, database_url: str, by: str, shown: str):
    id_ = guest.shop.promotion()
    Records(database_url).change("UPDATE promotions SET updated_by = %s WHERE id = %s", [by, id_])

    assert f"by {shown}" in guest.shown(f"/promotions/{id_}")
    assert '<option value="nobody" selected>nobody</option>' in guest.shown("/audit?client=nobody")
