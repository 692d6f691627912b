"""The codes of a promotion in the console, and their pictures."""

import io
import re
import struct
from html import unescape
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
import segno

from support import Shop, evaluation_body
from visitor import Visitor

HOSTILE = [
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "a/b?c#d%20",
    "ümlaut 券",
]


def codes_on(text: str) -> list[str]:
    return re.findall(r'<a class="row-link mono"[^>]*>([^<]*)</a>', text)


def id_of(shop: Shop, promotion: str, code: str) -> str:
    (found,) = shop.list_codes(promotion, filter=f'eq(code,"{code}")')
    return found["id"]


def test_codes_are_added_all_with_the_same_limits(guest: Visitor):
    id_ = guest.shop.promotion()

    answer = guest.post(
        f"/promotions/{id_}/codes",
        codes=" ANNA \r\n\r\nBEN\r\n",
        uses="1,000",
        shopper_uses="2",
        includes_guests="on",
        user="ann@example.com",
    )

    assert answer.headers["location"] == f"/console/promotions/{id_}/codes"
    made = guest.shop.list_codes(id_)
    assert [one["code"] for one in made] == ["ANNA", "BEN"]
    for one in made:
        assert (one["uses"], one["max_uses"], one["user"]) == (1000, 1000, "ann@example.com")
        assert one["max_uses_per_shopper"] == {"max_uses": 2, "includes_guests": True}
    shown = guest.shown(f"/promotions/{id_}/codes")
    assert "The codes are added." in shown
    assert "<strong>1,000</strong> of 1,000" in shown
    assert "only for “ann@example.com”; 2 per shopper" in shown


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"codes": ""}, "Name at least one."),
        ({"codes": "A\na"}, "Line 2, “a”: line 1 has it already."),
        ({"codes": "A\n" + "x" * 300}, f"“{'x' * 40}”: At most 255 characters."),
        ({"codes": "A\nB", "uses": "many"}, "uses Write a whole number."),
        ({"codes": "A", "uses": "1,5"}, "uses Write a whole number."),
        ({"codes": "A", "uses": "2,50"}, "uses Write a whole number."),
        ({"codes": "A", "uses": "1,,000"}, "uses Write a whole number."),
        ({"codes": "A", "uses": "1_000"}, "uses Write a whole number."),
        ({"codes": "A", "uses": "9" * 25}, "uses Write a whole number."),
        ({"codes": "A", "includes_guests": "on"}, "max_uses"),
        ({"codes": "A", "uses": "1", "is_for_new_shopper": "on"}, "first-time shoppers"),
    ],
)
def test_refused_codes_are_told_and_stay_in_the_form(guest: Visitor, fields: dict[str, str], told: str):
    id_ = guest.shop.promotion()

    answer = guest.post(f"/promotions/{id_}/codes", **fields)

    assert answer.status_code == 422
    assert "No code was added." in answer.text
    assert told in answer.text
    assert f">{fields['codes']}</textarea>" in answer.text
    assert guest.shop.list_codes(id_) == []


def test_codes_that_stand_twice_or_are_in_use_are_told_with_their_lines(guest: Visitor):
    id_ = guest.shop.promotion()
    guest.shop.add_codes(id_, "Taken")
    guest.shop.add_codes(guest.shop.promotion(name="Other"), "FREE")

    typed = "FREE\n\n TAKEN \nnew\nNEW\nfree\n<b>\n<B>\ntaken"
    answer = guest.post(f"/promotions/{id_}/codes", codes=typed)

    assert re.findall(r"<li>(.*?)</li>", answer.text) == [
        "Line 3, “TAKEN”: this promotion has it already.",
        "Line 5, “NEW”: line 4 has it already.",
        "Line 6, “free”: line 1 has it already.",
        "Line 8, “&lt;B&gt;”: line 7 has it already.",
        "Line 9, “taken”: line 3 has it already.",
    ]
    many = guest.post(f"/promotions/{id_}/codes", codes="X\n" * 14)
    assert re.findall(r"<li>(.*?)</li>", many.text)[10:] == ["And 3 more lines."]
    refused = guest.shop.add_codes(id_, "taken", "new")
    assert refused.json()["errors"][0]["detail"] == "Promotion code already in use"


def test_how_many_codes_begin_alike_is_told(guest: Visitor):
    id_ = guest.shop.promotion()
    guest.shop.add_codes(id_, *[f"sun-{number}" for number in range(1001)], "SUN", "sum", "moon", "ﬁne", "FINE-1")

    assert "<p>1,000+ codes found</p>" in guest.shown(f"/promotions/{id_}/codes?q=Sun")
    assert "<p>1,000+ codes found</p>" in guest.shown(f"/promotions/{id_}/codes?q=Sun&after=sun-50")
    assert "<p>12 codes found</p>" in guest.shown(f"/promotions/{id_}/codes?q=SUN-10")
    assert "<p>2 codes found</p>" in guest.shown(f"/promotions/{id_}/codes?q=fine")
    assert "<p>1 code found</p>" in guest.shown(f"/promotions/{id_}/codes?q=moon")


def test_codes_are_found_by_how_they_begin(guest: Visitor):
    id_ = guest.shop.promotion()
    guest.shop.add_codes(id_, "SUN", "sunday", "SUN-1", "MOON", *[f"SUNNY{n:03}" for n in range(40)])

    first = guest.shown(f"/promotions/{id_}/codes?q=Sun")
    more = re.search(r'rel="next" href="/console([^"]*)"', first)

    assert codes_on(first)[:3] == ["SUN", "SUN-1", "sunday"]
    assert "MOON" not in codes_on(first)
    assert more
    second = guest.shown(more[1].replace("&amp;", "&"))
    assert sorted(codes_on(first)[3:] + codes_on(second)) == [f"SUNNY{n:03}" for n in range(40)]
    assert codes_on(guest.shown(f"/promotions/{id_}/codes?q=sunz")) == []


def test_a_code_is_deleted(guest: Visitor):
    id_ = guest.shop.promotion()
    guest.shop.add_codes(id_, "KEPT", "GONE")

    answer = guest.post(f"/promotions/{id_}/codes/delete", code_id=id_of(guest.shop, id_, "GONE"))

    assert answer.status_code == 303
    assert [one["code"] for one in guest.shop.list_codes(id_)] == ["KEPT"]


@pytest.mark.parametrize("code", HOSTILE)
def test_codes_are_only_ever_text(guest: Visitor, code: str):
    id_ = guest.shop.promotion()
    assert guest.post(f"/promotions/{id_}/codes", codes=code).status_code == 303
    (made,) = guest.shop.list_codes(id_)
    own = f"/promotions/{id_}/codes/{made['id']}"

    for path in (f"/promotions/{id_}/codes", f"/promotions?q={code}", own):
        text = guest.shown(path)
        assert "<script>alert" not in text
        assert "<img src=x" not in text
    svg = guest.get(f"{own}/qr.svg")
    assert "<script" not in svg.text
    assert svg.headers["content-disposition"] == f'inline; filename="code-{made["id"]}.svg"'
    assert guest.post(f"/promotions/{id_}/codes/delete", code_id=made["id"]).status_code == 303
    assert guest.shop.list_codes(id_) == []


def test_the_picture_of_a_code_says_the_code(guest: Visitor):
    id_ = guest.shop.promotion()
    guest.shop.add_codes(id_, "Sommer 25")
    path = f"/promotions/{id_}/codes/{id_of(guest.shop, id_, 'Sommer 25')}"
    expected = io.BytesIO()
    segno.make_qr("Sommer 25", error="m").save(expected, kind="png", scale=12, border=4, light="white")

    png = guest.get(f"{path}/qr.png")
    assert png.headers["content-type"] == "image/png"
    assert png.content == expected.getvalue()
    assert struct.unpack(">II", png.content[16:24]) == (348, 348)
    assert guest.get(f"{path}/qr.svg").headers["content-type"].startswith("image/svg+xml")
    assert guest.get(f"{path}/qr.pdf").status_code == 404

    link = "https://shop.example/?code={code}"
    assert "https://shop.example/?code=Sommer%2025" in guest.shown(f"{path}?link={link}")
    assert guest.get(f"{path}/qr.svg?link={link}").content != guest.get(f"{path}/qr.svg").content
    assert "javascript" not in guest.shown(f"{path}?link=javascript:alert({{code}})")


def test_another_store_s_codes_are_not_there(guest: Visitor, new_shop: Any):
    other: Shop = new_shop()
    foreign, own = other.promotion(), guest.shop.promotion()
    other.add_codes(foreign, "THEIRS")
    code = id_of(other, foreign, "THEIRS")

    for promotion in (foreign, own):
        assert guest.get(f"/promotions/{promotion}/codes/{code}").status_code == 404
        assert guest.get(f"/promotions/{promotion}/codes/{code}/qr.png").status_code == 404
        assert guest.post(f"/promotions/{promotion}/codes/delete", code_id=code).status_code == 404
    assert guest.get(f"/promotions/{foreign}/codes").status_code == 404
    assert guest.post(f"/promotions/{foreign}/codes", codes="MINE").status_code == 404
    assert len(other.list_codes(foreign)) == 1


@pytest.mark.parametrize("spelt", ["{{{}}}", "urn:uuid:{}", "{}"])
def test_a_promotion_has_one_address(guest: Visitor, spelt: str):
    id_ = guest.shop.promotion()
    wrong = spelt.format(id_) if spelt != "{}" else id_.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))

    assert guest.post(f"/promotions/{wrong}/codes", codes="SPRING").status_code == 404

    assert guest.shop.list_codes(id_) == []
    assert guest.get(f"/promotions/{id_.upper()}/codes").status_code == 200


def test_more_codes_than_may_be_added_at_once_are_refused_before_they_are_looked_at(guest: Visitor):
    id_ = guest.shop.promotion()

    def seconds(codes: str) -> float:
        answer = guest.post(f"/promotions/{id_}/codes", codes=codes)
        assert (answer.status_code, "Name at most 10000." in answer.text) == (422, bool(codes.strip()))
        return answer.elapsed.total_seconds()

    blank, full = (min(seconds(line * 800_000) for _ in range(2)) for line in (" \n", "a\n"))

    assert full < 3 * blank, (blank, full)


def test_a_code_that_no_picture_has_room_for_is_shown_without_one(guest: Visitor):
    id_ = guest.shop.promotion()
    assert guest.shop.add_codes(id_, "😀" * 255).status_code == 201
    (code,) = guest.shop.list_codes(id_)
    path = f"/promotions/{id_}/codes/{code['id']}"
    link = "link=" + quote("http://shop.example/?{code}", safe="")

    shown = guest.shown(f"{path}?{link}")

    assert "too long for a QR code" in shown
    assert "<img" not in shown.partition("<main")[2]
    assert guest.get(f"{path}/qr.svg?{link}").status_code == 404
    assert guest.get(f"{path}/qr.svg").status_code == 200


def test_the_page_of_a_code_tells_its_last_uses_and_where_to_look_further(guest: Visitor):
    shop = guest.shop
    id_ = shop.promotion()
    shop.add_codes(id_, "A&B", {"code": "OTHER", "uses": 5})
    path = f"/promotions/{id_}/codes/{id_of(shop, id_, 'A&B')}"
    assert "Nobody has used it." in guest.shown(path)
    made: list[str] = []
    for number in range(12):
        body = evaluation_body(type="redemption", state="confirmed", codes=["A&B"], order_id=f"order {number}")
        body["data"]["shopper"] = {"email": f"ann{number}@example.com"}
        made.append(shop.http.post("/v2/rule-promotions/redemptions", json=body).json()["data"]["id"])
    assert shop.http.post(f"/v2/rule-promotions/redemptions/{made[-1]}/release").status_code == 200
    held = evaluation_body(type="redemption", codes=["A&B"])
    assert shop.http.post("/v2/rule-promotions/redemptions", json=held).status_code == 201

    page = guest.shown(path)

    orders = re.findall(r'href="/console/redemptions/([^"]*)">(order \d+)</a>', page)
    assert orders == [(made[number], f"order {number}") for number in range(11, 1, -1)]
    assert "ann11@example.com" in page
    assert (page.count(">Given back</span>"), page.count(">Used</span>")) == (1, 9)
    assert re.search(r"<dt>Used</dt><dd>11</dd>\s*<dt>Held</dt><dd>1 ", page)
    [further] = re.findall(r'href="(/console/usages[^"]*)">All usages of this code<', page)
    assert "order 0<" in guest.shown(unescape(further).removeprefix("/console"))
    assert 'href="/console/support?code=A%26B"' in page
    assert "Nobody has used it." in guest.shown(f"/promotions/{id_}/codes/{id_of(shop, id_, 'OTHER')}")


def test_of_a_code_without_limit_so_many_uses_are_counted(guest: Visitor, database_url: str):
    shop = guest.shop
    id_ = shop.promotion()
    shop.add_codes(id_, "A")
    code = id_of(shop, id_, "A")
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO usages (store_id, promotion_id, id, redemption_id, code_id, state, uses, expires_at, used_on,"
            " updated_at, code, updated_by, shoppers)"
            " SELECT %s, %s, gen_random_uuid(), gen_random_uuid(), %s, 'used', 1, now(), now(), now(),"
            " 'A', 'shop', '{}'"
            " FROM generate_series(1, 1001)",
            [shop.store_id, id_, code],
        )

    assert "<dt>Used</dt><dd>1,000 or more</dd>" in guest.shown(f"/promotions/{id_}/codes/{code}")
