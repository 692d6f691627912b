"""Lists over HTTP: pages, links, filters and orders (behaviour.md 6.2, 6.3)."""

from datetime import UTC, datetime
from itertools import chain
from typing import Any

import httpx
import pytest

from support import EXPORT, Shop, promotion_body

PROMOTIONS = "/v2/rule-promotions"
UNPARSABLE = {
    "errors": [{"title": "Bad Request", "status": "400", "detail": "Could not parse the supplied filter", "meta": None}]
}


def listed(shop: Shop, path: str = PROMOTIONS, **query: str) -> httpx.Response:
    pages = {"page_limit": "page[limit]", "page_offset": "page[offset]"}
    return shop.http.get(path, params={pages.get(name, name): value for name, value in query.items()})


def found(shop: Shop, filter_: str) -> set[str]:
    answer = shop.http.get(PROMOTIONS, params={"filter": filter_})
    assert answer.status_code == 200, f"{filter_}: {answer.text}"
    names = [promotion["name"] for promotion in answer.json()["data"]]
    assert answer.json()["meta"]["results"]["total"] == len(names)
    return set(names)


def said_of(answer: httpx.Response) -> dict[str, Any]:
    """Return a refusal without what it names besides."""
    return {"errors": [{**error, "meta": None} for error in answer.json()["errors"]]}


def codes_of(promotion: str) -> str:
    return f"{PROMOTIONS}/{promotion}/codes"


class TestPages:
    def test_an_empty_list_has_pages_too(self, shop: Shop):
        promotion = shop.promotion(enabled=False)
        for path in (f"{PROMOTIONS}?filter=eq(enabled,true)", codes_of(promotion), f"{PROMOTIONS}/{promotion}/jobs"):
            document = shop.http.get(path).json()
            assert document["data"] == []
            assert document["meta"]["page"] == {"limit": 25, "offset": 0, "current": 1, "total": 0}
            assert document["meta"]["results"]["total"] == 0
            links = document["links"]
            assert links["prev"] is links["next"] is None
            assert links["current"] == links["first"] == links["last"]

    def test_a_list_is_cut_into_pages_of_25(self, shop: Shop):
        promotion = codes(shop, 60)

        document = listed(shop, codes_of(promotion)).json()

        assert [code["code"] for code in document["data"]] == [f"code-{number:03}" for number in range(25)]
        assert document["meta"]["page"] == {"limit": 25, "offset": 0, "current": 1, "total": 3}
        assert document["meta"]["results"]["total"] == 60

    def test_the_links_lead_through_the_whole_list_and_back(self, shop: Shop):
        promotion = codes(shop, 23)
        links = listed(shop, codes_of(promotion), page_limit="5", sort="-code", filter="gt(code,code-002)").json()[
            "links"
        ]
        forwards: list[list[str]] = []
        page = last = links["first"]
        while page:
            document = shop.http.get(page).json()
            assert document["links"]["current"] == page
            forwards += [[code["code"] for code in document["data"]]]
            last, page = page, document["links"]["next"]

        assert last == links["last"]
        assert list(chain(*forwards)) == [f"code-{number:03}" for number in range(22, 2, -1)]
        backwards = []
        page = last
        while page:
            document = shop.http.get(page).json()
            backwards.append([code["code"] for code in document["data"]])
            page = document["links"]["prev"]
        assert backwards == forwards[::-1]

    def test_links_keep_a_filter_whatever_is_in_it(self, shop: Shop):
        for name in ("a&b=c#d%+e", "a&b=c#d%+e", "'quoted' \"twice\"", "straße"):
            shop.promotion(name=name)
        filter_ = r'(like(name,"a&b=c#d%+e")|like(name,"\'quoted\' \"twice\"")|like(name,straße)):eq(enabled,true)'
        pages: list[str] = []
        page = shop.http.get(PROMOTIONS, params={"filter": filter_, "page[limit]": "1"}).json()["links"]["first"]
        while page:
            document = shop.http.get(page).json()
            pages += [promotion["name"] for promotion in document["data"]]
            page = document["links"]["next"]

        assert pages == ["straße", "'quoted' \"twice\"", "a&b=c#d%+e", "a&b=c#d%+e"]

    def test_brackets_may_be_encoded_or_not(self, shop: Shop):
        promotion = codes(shop, 3)

        for query in ("page[limit]=1&page[offset]=1", "page%5Blimit%5D=1&page%5Boffset%5D=1"):
            (code,) = shop.http.get(f"{codes_of(promotion)}?{query}").json()["data"]
            assert code["code"] == "code-001"

    def test_a_limit_of_zero_only_counts(self, shop: Shop):
        document = listed(shop, codes_of(codes(shop, 3)), page_limit="0").json()

        assert document["data"] == []
        assert document["meta"]["page"]["limit"] == 0
        assert document["meta"]["results"]["total"] == 3
        assert document["links"]["next"] is None

    def test_a_limit_above_100_is_taken_for_100(self, shop: Shop):
        document = listed(shop, codes_of(codes(shop, 101)), page_limit="5000").json()

        assert len(document["data"]) == document["meta"]["page"]["limit"] == 100
        assert "page[limit]=100" in document["links"]["next"]

    def test_an_offset_goes_up_to_10000(self, shop: Shop):
        promotion = codes(shop, 10_150)
        path = codes_of(promotion)

        furthest = listed(shop, path, page_offset="10000", page_limit="100").json()
        assert [furthest["data"][0]["code"], len(furthest["data"])] == ["code-10000", 100]
        assert furthest["links"]["next"] is None
        assert shop.http.get(furthest["links"]["last"]).status_code == 200
        for offset in ("10001", "99999999999999999"):
            answer = listed(shop, path, page_offset=offset)
            assert answer.status_code == 400
            (error,) = answer.json()["errors"]
            assert (error["title"], error["status"]) == ("Bad Request", "400")

    @pytest.mark.parametrize("value", ["-1", "1.5", "ten", "1e2", "\u0661", "9" * 400])
    def test_what_is_no_number_is_refused(self, shop: Shop, value: str):
        for name in ("page[limit]", "page[offset]"):
            answer = shop.http.get(PROMOTIONS, params={name: value})
            assert answer.status_code == 400
            assert answer.json()["errors"][0]["title"] == "Bad Request"

    def test_a_page_past_the_end_is_empty(self, shop: Shop):
        document = listed(shop, codes_of(codes(shop, 3)), page_offset="50").json()

        assert document["data"] == []
        assert document["meta"]["results"]["total"] == 3
        assert document["links"]["prev"]
        assert document["links"]["next"] is None


class TestCodes:
    def test_they_come_as_they_were_made_or_sorted_by_code(self, shop: Shop):
        promotion = shop.promotion()
        shop.add_codes(promotion, "b", "C")
        shop.add_codes(promotion, "a", "É")

        def order(**query: str) -> list[str]:
            return [code["code"] for code in shop.list_codes(promotion, **query)]

        assert order() == ["b", "C", "a", "É"]
        assert order(sort="code") == ["a", "b", "C", "É"]
        assert order(sort="-code") == ["É", "C", "b", "a"]
        for unknown in ("name", "--code", "code,id", "Code"):
            answer = listed(shop, codes_of(promotion), sort=unknown)
            assert (answer.status_code, answer.json()["errors"][0]["status"]) == (400, "400")

    def test_reading_on_after_the_last_code_meets_each_exactly_once(self, shop: Shop):
        promotion = shop.promotion()
        job = shop.ended_job(promotion, shop.generate(promotion, 1000))
        assert job["result"]["generated"] == 1000
        shop.add_codes(promotion, "O'Brien", 'say "hi"', r"back\slash", "a,b", "(x)", "a:b|c", "straße", " 🎁 ")
        walked: list[str] = []
        query = {"sort": "code", "page[limit]": "100"}
        while page := [code["code"] for code in shop.list_codes(promotion, **query)]:
            walked += page
            last = page[-1].replace("\\", "\\\\").replace('"', '\\"')
            query["filter"] = f'gt(code,"{last}")'

        assert len(walked) == len(set(walked)) == 1008
        assert walked == sorted(walked, key=str.casefold)

    def test_both_operators_ignore_case(self, shop: Shop):
        promotion = shop.promotion()
        shop.add_codes(promotion, "Alpha", "beta", "GAMMA")

        def codes(filter_: str) -> list[str]:
            return [code["code"] for code in shop.list_codes(promotion, filter=filter_)]

        assert codes("eq(code,ALPHA)") == ["Alpha"]
        assert codes("gt(code,ALPHA)") == ["beta", "GAMMA"]
        assert codes("gt(code,ALPHA):gt(code,Beta)") == ["GAMMA"]
        assert codes("eq(code,alpha)|eq(code,gamma)") == ["Alpha", "GAMMA"]
        assert codes("eq(code,'')") == []

    @pytest.mark.parametrize("filter_", ["lt(code,a)", "in(code,a,b)", "eq(id,1)", "eq(uses,1)", "like(code,a*)"])
    def test_nothing_else_can_be_asked(self, shop: Shop, filter_: str):
        answer = listed(shop, codes_of(shop.promotion()), filter=filter_)

        assert (answer.status_code, said_of(answer)) == (400, UNPARSABLE)

    def test_counting_stops_where_no_page_can_reach(self, shop: Shop):
        results = listed(shop, codes_of(codes(shop, 10_150)), filter="gt(code,code)").json()["meta"]["results"]

        assert results == {"total": 10_100, "total_method": "lower_bound"}


class TestJobs:
    def test_they_come_newest_first_and_are_found_by_type_and_status(self, shop: Shop):
        promotion = shop.promotion()
        jobs = []
        for body in (EXPORT, {**EXPORT, "name": "second"}):
            jobs.insert(0, shop.start_job(promotion, body).json()["data"]["id"])
            shop.ended_job(promotion, jobs[0])
        jobs.insert(0, shop.generate(promotion, 5))
        shop.ended_job(promotion, jobs[0])
        path = f"{PROMOTIONS}/{promotion}/jobs"

        def ids(**query: str) -> list[str]:
            document = listed(shop, path, **query).json()
            return [job["id"] for job in document["data"]]

        assert ids() == jobs
        assert ids(page_limit="1", page_offset="1") == jobs[1:2]
        assert ids(filter="eq(job_type,code_generate)") == jobs[:1]
        assert ids(filter="eq(job_type,code_export)") == jobs[1:]
        assert ids(filter="eq(status,complete)") == ids(filter="eq(status,completed)") == jobs
        assert ids(filter="eq(status,completed):eq(job_type,code_generate)") == jobs[:1]
        assert ids(filter="eq(status,failed)") == []
        for unsupported in ("eq(name,second)", "in(status,failed)", "gt(status,a)"):
            answer = listed(shop, path, filter=unsupported)
            assert (answer.status_code, said_of(answer)) == (400, UNPARSABLE)


class TestPromotions:
    def test_they_come_newest_first(self, shop: Shop):
        created = [shop.promotion() for _ in range(4)]

        assert [promotion["id"] for promotion in listed(shop).json()["data"]] == created[::-1]

    def test_every_documented_test_finds_what_it_should(self, shop: Shop):
        total = {"strategy": "cart_total", "operator": "gte", "args": [1000]}
        sku = {"strategy": "item_sku", "operator": "in", "args": ["shirt", "10% off"]}
        tags = {"strategy": "account_tags", "operator": "contains_any", "args": ["wholesale"]}
        actions = promotion_body()["data"]["rule_set"]["actions"]

        def rules(rule: Any) -> dict[str, Any]:
            return {"rules": rule, "actions": actions}

        one = shop.promotion(name="One%_", enabled=False, start="2024-01-01", end="2024-06-01", rule_set=rules(total))
        two = shop.promotion(name="Two", stackable=False, start="2024-02-01", end="2024-07-01", rule_set=rules(sku))
        nested = {"strategy": "and", "children": [total, {"strategy": "or", "children": [sku, tags]}]}
        shop.promotion(name="three", override_stacking=True, start="2024-03-01 12:00", rule_set=rules(nested))
        shop.add_codes(one, "SAVE10", "2024")
        shop.add_codes(two, "save10")
        day = int(datetime(2024, 2, 1, tzinfo=UTC).timestamp() * 1000)

        expected = {
            "eq(code,Save10)": {"One%_", "Two"},
            "eq(code,2024)": {"One%_"},
            "eq(code,none)": set(),
            "like(name,Two)": {"Two"},
            "like(name,two)": set(),
            "ilike(name,two)": {"Two"},
            "like(name,*e*)": {"One%_", "three"},
            "like(name,T*)": {"Two"},
            "ilike(name,T*)": {"Two", "three"},
            "like(name,*e)": {"three"},
            "like(name,*%_)": {"One%_"},
            "like(name,*)": {"One%_", "Two", "three"},
            "like(name,*w_)": set(),
            "eq(enabled,false)": {"One%_"},
            "eq(enabled,TRUE)": {"Two", "three"},
            "eq(stackable,false)": {"Two"},
            "eq(override_stacking,true)": {"three"},
            "eq(start,2024-02-01)": {"Two"},
            f"eq(start,{day})": {"Two"},
            "lt(start,2024-02-01)": {"One%_"},
            "le(start,2024-02-01T00:00:00.000Z)": {"One%_", "Two"},
            "gt(start,2024-02-01T00:00:00Z)": {"three"},
            "gt(start,2024-02-01T02:00:00+03:00)": {"Two", "three"},
            "ge(start,2024-03-01 12:00)": {"three"},
            "eq(end,2024-06-01)": {"One%_"},
            "lt(end,2024-07-01)": {"One%_"},
            "le(end,2024-07-01)": {"One%_", "Two"},
            "gt(end,2024-06-01)": {"Two", "three"},
            "ge(end,2024-06-01)": {"One%_", "Two", "three"},
            "eq(rule_set.rules.strategy,item_sku)": {"Two"},
            "in(rule_set.rules.strategy,item_sku,cart_total)": {"One%_", "Two"},
            "contains(rule_set.rules.args,shirt)": {"Two"},
            "contains(rule_set.rules.args,'10% off')": {"Two"},
            "contains(rule_set.rules.args,1000)": {"One%_"},
            "contains(account_tags,wholesale)": {"three"},
            "contains(account_tags,shirt)": set(),
        }
        for filter_, names in expected.items():
            assert found(shop, filter_) == names, filter_

    def test_tests_are_joined_by_and_before_or(self, shop: Shop):
        for name, enabled in (("a", True), ("b", True), ("c", False)):
            shop.promotion(name=name, enabled=enabled)

        on, off = "eq(enabled,true)", "eq(enabled,false)"
        assert found(shop, f"like(name,a)|like(name,b):{off}") == {"a"}
        assert found(shop, f"{off}:like(name,b)|like(name,a)") == {"a"}
        assert found(shop, f"(like(name,a)|like(name,c)):{off}") == {"c"}
        assert found(shop, f"like(name,a)|like(name,c)|{on}") == {"a", "b", "c"}
        assert found(shop, f"({on}):((like(name,a)|(like(name,b))))") == {"a", "b"}
        assert found(shop, f" {on} : like( name , a ) ") == {"a"}

    @pytest.mark.parametrize(
        ("name", "operand"),
        [
            ("a:b|c", "a:b|c"),
            ("O'Brien", '"O\'Brien"'),
            ("O'Brien", r"'O\'Brien'"),
            ('say "hi", (now)', r'"say \"hi\", (now)"'),
            ("back\\slash", r'"back\\slash"'),
            ("two words", "two words"),
            ("two words", "  two words"),
            ("a@b$c.d{e}/f-g", "a@b$c.d{e}/f-g"),
            ("grüße 🎁", "grüße 🎁"),
            ("a+b", "a+b"),
            (" padded ", "' padded '"),
        ],
    )
    def test_operands_may_hold_anything_when_quoted_and_much_when_bare(self, shop: Shop, name: str, operand: str):
        shop.promotion(name=name)
        shop.promotion(name="another")

        assert found(shop, f"like(name,{operand}):eq(enabled,true)") == {name}

    def test_an_unencoded_plus_is_a_space(self, shop: Shop):
        shop.promotion(name="two words")

        document = shop.http.get(f"{PROMOTIONS}?filter=like(name,two+words)").json()

        assert [promotion["name"] for promotion in document["data"]] == ["two words"]

    def test_ten_tests_are_enough(self, shop: Shop):
        shop.promotion(name="a")

        assert found(shop, ":".join(["like(name,a)"] * 10)) == {"a"}
        answer = shop.http.get(PROMOTIONS, params={"filter": ":".join(["like(name,a)"] * 11)})
        assert (answer.status_code, said_of(answer)) == (400, UNPARSABLE)

    def test_what_does_not_follow_the_grammar_is_refused(self, shop: Shop):
        shop.promotion()
        for filter_ in (
            "name",
            "eq",
            "eq()",
            "eq(name)",
            "eq(enabled)",
            "eq(enabled,)",
            "eq(enabled,true",
            "eq(enabled,true))",
            "(eq(enabled,true)",
            "eq(enabled,true):",
            "eq(enabled,true)|",
            ":eq(enabled,true)",
            "eq(enabled,true)eq(enabled,true)",
            "eq(enabled,true);eq(enabled,true)",
            "eq(enabled,true,false)",
            "eq(enabled,maybe)",
            "eq(enabled,1)",
            "EQ(enabled,true)",
            "ne(enabled,true)",
            "eq(unknown,1)",
            "eq(name,a)",
            "like(name,'a)",
            "like(name,a'b)",
            "is_null(name)",
            "gt(enabled,true)",
            "in(name,a)",
            "like(description,a)",
            "gt(start,yesterday)",
            "gt(start,2024-13-01)",
            "gt(start,99999999999999999999999999)",
            "gt(start,999999999999999999)",
            "gt(start,²²²²²²²²²²)",
            "eq(rule_set.actions.strategy,x)",
            "contains(rule_set.rules.strategy,x)",
            "like(name,\0)",
            "(" * 500,
            "((((((((((((((((eq(enabled,true)))))))))))))))))",
            f"like(name,{'x' * 8200})",
        ):
            answer = shop.http.get(PROMOTIONS, params={"filter": filter_})
            assert (answer.status_code, said_of(answer)) == (400, UNPARSABLE), filter_


def codes(shop: Shop, count: int) -> str:
    """Return a promotion that has `code-000` and so on."""
    promotion = shop.promotion()
    for few in batched([f"code-{number:03}" for number in range(count)], 10_000):
        assert shop.add_codes(promotion, *few).status_code == 201
    return promotion


def batched(names: list[str], size: int) -> list[list[str]]:
    return [names[at : at + size] for at in range(0, len(names), size)]


class TestRefusals:
    def test_an_unknown_attribute_is_answered_with_those_that_are_known(self, shop: Shop):
        answer = listed(shop, codes_of(shop.promotion()), filter="eq(uses,1)")
        assert answer.json()["errors"][0]["meta"] == {"attribute": "uses", "attributes": ["code"]}

    def test_an_unknown_operator_is_answered_with_those_of_the_attribute(self, shop: Shop):
        answer = listed(shop, codes_of(shop.promotion()), filter="eq(code,a):like(code,a*)")
        assert answer.json()["errors"][0]["meta"] == {
            "attribute": "code",
            "operator": "like",
            "operators": ["eq", "gt"],
        }

    def test_what_cannot_be_read_names_nothing(self, shop: Shop):
        for filter_ in ("eq(code", "eq(code,a,b)"):
            answer = listed(shop, codes_of(shop.promotion()), filter=filter_)
            assert "meta" not in answer.json()["errors"][0]
