"""Importing products from files, as an operator does."""

import csv
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support import Couponry, Shop, environment, product, said

PRODUCTS = "/v2/products"


class Files:
    """Writes files and imports them into a store."""

    def __init__(self, couponry: Couponry, shop: Shop, folder: Path) -> None:
        self.couponry, self.shop, self.folder = couponry, shop, folder

    def ndjson(self, *lines: Any, skip: bool = False) -> "subprocess.CompletedProcess[str]":
        said = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
        return self.imported("products.ndjson", b"\n".join(said), skip=skip)

    def imported(self, name: str, content: bytes, *, skip: bool = False) -> "subprocess.CompletedProcess[str]":
        path = self.folder / name
        path.write_bytes(content)
        options = ("--skip-invalid",) if skip else ()
        return self.couponry("products", "import", str(path), "--store", self.shop.store_id, *options)

    def stored(self) -> list[str]:
        return [one["id"] for one in self.shop.http.get(PRODUCTS).json()["data"]]


@pytest.fixture
def files(couponry: Couponry, shop: Shop, tmp_path: Path) -> Files:
    return Files(couponry, shop, tmp_path)


def wrong(done: "subprocess.CompletedProcess[str]") -> list[str]:
    """Return the wrong lines that were told, before the sentence that says that nothing was stored."""
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    *lines, sentence = done.stderr.splitlines()
    assert sentence == "Nothing was stored; mend these lines, or leave them out with --skip-invalid."
    return lines


def test_csv_says_all_that_a_product_has(files: Files):
    with (files.folder / "all.csv").open("w", newline="", encoding="utf-8-sig") as file:
        rows = csv.writer(file)
        rows.writerow(
            ["id", "sku", "name", "price_USD", "price_EUR", "catalog_id", "category_ids", "attributes", "description"],
        )
        attributes = {"products(socks)": {"brand": "EP", "sizes": [39, 42]}}
        rows.writerow(
            ["a", "s", "Söck", "1000", " 900 ", "winter", "clothes|socks", json.dumps(attributes), "Two\nlines"]
        )
        rows.writerow([])
        rows.writerow(["b", "", "Bare", "", "0", "", "", "", ""])
    done = files.imported("all.csv", (files.folder / "all.csv").read_bytes())

    assert said(done) == ""
    assert done.stderr == "2 products stored.\n"
    found = files.shop.http.get(PRODUCTS).json()["data"]
    assert [{name: value for name, value in one.items() if name != "meta"} for one in found] == [
        {
            "type": "product",
            "id": "a",
            "sku": "s",
            "name": "Söck",
            "description": "Two\nlines",
            "prices": {"USD": 1000, "EUR": 900},
            "catalog_id": "winter",
            "category_ids": ["clothes", "socks"],
            "attributes": attributes,
        },
        {"type": "product", "id": "b", "name": "Bare", "prices": {"EUR": 0}},
    ]


def test_ndjson_takes_what_the_api_takes_and_answers(files: Files):
    bare = {name: value for name, value in product("a", sku="s").items() if name != "type"}
    assert files.ndjson(bare, b"", product("b")).stderr == "2 products stored.\n"

    answered = files.shop.http.get(PRODUCTS).json()["data"]
    assert files.ndjson(*answered, product("c")).stderr == "3 products stored.\n"
    again = files.shop.http.get(PRODUCTS).json()["data"]
    assert [one | {"meta": None} for one in again[:2]] == [one | {"meta": None} for one in answered]


def test_a_wrong_line_is_told_and_nothing_is_stored(files: Files):
    lines = (
        product("a"),
        b"no JSON",
        product("b", prices={"USD": -1}),
        product("c", brand="x"),
        b'{"id":"d\\u0000","name":"x","prices":{"USD":1}}',
        b'{"id":"\xff"}',
        b"[]",
        b'"' + b"x" * 2**21 + b'"',
        product("e"),
    )
    assert wrong(files.ndjson(*lines)) == [
        "line 2: it is no JSON",
        "line 3: prices.USD: Must be greater than or equal to 0",
        "line 4: brand: Additional property brand is not allowed",
        "line 5: it is no JSON",
        "line 6: it is no JSON",
        "line 7: Invalid type. Expected: object, given: array",
        "line 8: it is longer than 1048576 bytes",
    ]
    assert files.stored() == []

    skipped = files.ndjson(*lines, skip=True)
    assert skipped.returncode == 0
    assert skipped.stderr.splitlines()[-1] == "2 products stored, 7 lines skipped."
    assert files.stored() == ["a", "e"]


def test_a_wrong_line_of_a_csv_is_told_by_the_line_on_which_it_begins(files: Files):
    content = (
        b"id,name,price_USD,attributes,sku\n"
        b'a,"two\nlines",1,,\n'
        b"b,wrong,1.50,,\n"
        b"c,short,1\n"
        b"\n"
        b"d,name,1,{not json,\n"
        b"e,\xff,1,,\n"
        b"f,nul,1,,\x00\n"
        b"g,huge,99999999999999999999,,\n"
        b"h,right,1,,\n"
    )
    assert wrong(files.imported("x.csv", content)) == [
        "line 2: name: Does not match pattern '^(?![\\s\\S]*[\\x00-\\x1f\\x7f-\\x9f])'",
        "line 4: price_USD: 1.50 is no whole number; prices are in minor units, 150 for 1.50",
        "line 5: it has 3 cells, and the first line 5",
        "line 7: attributes: Invalid type. Expected: object, given: string",
        "line 8: it is no UTF-8",
        "line 9: it has a NUL",
        "line 10: prices.USD: Invalid type. Expected: integer, given: string",
    ]
    assert files.imported("x.csv", content, skip=True).returncode == 0
    assert files.stored() == ["h"]


def test_prices_are_told_in_the_words_of_the_file(files: Files):
    content = b'id,name,price_EUR,price_USD\na,x,,\nb,x,"12,5",\nc,x,12.50,1250\nd,x,,7\n'
    assert wrong(files.imported("x.csv", content)) == [
        "line 2: it has no price; fill price_EUR or price_USD",
        "line 3: price_EUR: 12,5 is no whole number; prices are in minor units, 1250 for 12,5",
        "line 4: price_EUR: 12.50 is no whole number; prices are in minor units, 1250 for 12.50",
    ]


def test_skipping_every_line_is_no_success(files: Files):
    done = files.ndjson(b"x", b"y", skip=True)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "Nothing was stored: every line is wrong, all 2 of them."


def test_lines_may_not_clash_with_each_other_or_with_the_store(files: Files, new_shop: Any):
    new_shop().http.put(PRODUCTS, json={"data": [product("x", sku="elsewhere")]})
    files.shop.http.put(PRODUCTS, json={"data": [product("old", sku="taken"), product("gives", sku="given")]})
    lines = (
        product("a", sku="one"),
        product("b", sku="taken"),
        product("a"),
        product("c", sku="one"),
        product("d", sku="given"),
        product("gives", sku="other"),
        product("e", sku="elsewhere"),
        product("f"),
    )
    assert wrong(files.ndjson(*lines)) == [
        "line 2: the product old has the sku taken already",
        "line 3: line 1 has the id a already",
        "line 4: line 1 has the sku one already",
    ]
    assert files.stored() == ["gives", "old"]
    assert files.ndjson(*lines, skip=True).stderr.splitlines()[-1] == "5 products stored, 3 lines skipped."
    assert files.stored() == ["a", "d", "e", "f", "gives", "old"]


def test_a_line_that_counts_on_one_that_is_left_out_is_left_out_too(files: Files):
    files.shop.http.put(PRODUCTS, json={"data": [product("old", sku="taken"), product("gives", sku="given")]})
    done = files.ndjson(product("gives", sku="taken"), product("takes", sku="given"), product("z"), skip=True)

    assert done.stderr.splitlines() == [
        "line 1: the product old has the sku taken already",
        "line 2: the product gives has the sku given already",
        "1 products stored, 2 lines skipped.",
    ]


def test_only_the_first_wrong_lines_are_told(files: Files):
    lines = wrong(files.ndjson(*[b"x"] * 3000))
    assert len(lines) == 21
    assert lines[-1] == "and 2980 more wrong lines"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("x.txt", b"", "is neither a .csv nor an .ndjson file."),
        ("x.csv", b"", "needs the columns id and name, and a column of prices such as price_EUR."),
        ("x.csv", b"id,name\n", "needs the columns id and name, and a column of prices such as price_EUR."),
        ("x.csv", b"id,name,price_eur\n", "has a column 'price_eur'; write it price_EUR."),
        ("x.csv", b"id,name,Price_EUR\n", "has a column 'Price_EUR'; write it price_EUR."),
        ("x.csv", b"id;name;price_EUR\n", "separates its cells with semicolons; save it with commas."),
        ("x.csv", b"id,name,prices\n", "has a column 'prices'; products have"),
        ("x.csv", b"id,name,price_EUR,id\n", "has the column id twice."),
        ("x.csv", b'"id', "names no columns: unexpected end of data."),
        ("x.csv", b"PK\x03\x04\xff\x00", "has a column"),
    ],
)
def test_a_file_that_is_none_is_one_sentence(files: Files, name: str, content: bytes, sentence: str):
    refused = files.imported(name, content)
    assert refused.returncode == 1
    assert sentence in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_file_that_does_not_exist_is_one_sentence(couponry: Couponry):
    refused = couponry("products", "import", "/nowhere/x.csv")
    assert (refused.returncode, refused.stderr) == (1, "No such file or directory: /nowhere/x.csv.\n")


def test_products_are_listed_with_their_prices(couponry: Couponry, shop: Shop):
    shop.http.put(PRODUCTS, json={"data": [product("b"), product("a", sku="s", prices={"USD": 2, "EUR": 1})]})
    assert said(couponry("products", "list", "--store", shop.store_id)).splitlines() == [
        "id\tsku\tname\tprices",
        "a\ts\tA product\t1 EUR, 2 USD",
        "b\t\tA product\t1000 USD",
    ]


def test_memory_does_not_grow_with_the_file(database_url: str, data_dir: Path, shop: Shop, tmp_path: Path):
    def peak(count: int) -> int:
        path = tmp_path / "many.csv"
        with path.open("w") as file:
            file.write("id,sku,name,price_EUR,description\n")
            file.writelines(f"p-{n},s-{n},Product,{n},{'x' * 1000}\n" for n in range(count))
        command = [sys.executable, "-m", "couponry.cli", "products", "import", str(path), "--store", shop.store_id]
        process = subprocess.Popen(command, env=environment(database_url, data_dir), stderr=subprocess.DEVNULL)
        _, status, used = _wait(process)
        assert status == 0
        return used.ru_maxrss

    assert peak(40_000) < peak(2_000) + 15_000  # kilobytes; the file has 40,000
    assert shop.http.get(PRODUCTS).json()["meta"]["results"] == {"total": 10_100, "total_method": "lower_bound"}


def _wait(process: "subprocess.Popen[bytes]") -> tuple[int, int, resource.struct_rusage]:
    waited = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(waited[1])
    return waited
