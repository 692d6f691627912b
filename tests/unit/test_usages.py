"""Taking an address out of a judged cart, and nothing else."""

from typing import Any

import msgspec
import pytest

from couponry.domain.usages import without_addresses

ANN = "ann@example.com"


def cleaned(document: Any, *addresses: str) -> Any:
    found = without_addresses(msgspec.json.encode(document), addresses or (ANN,))
    return None if found is None else msgspec.json.decode(found)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (ANN, "**"),
        ("It belongs to Ann@Example.COM.", "It belongs to **."),
        (f"{ANN}, {ANN}", "**, **"),
        (f"'{ANN}'", "'**'"),
        ("\n" + ANN, "\n**"),
    ],
)
def test_an_address_is_taken_out_of_a_text(text: str, left: str):
    for document in (
        {"detail": text},
        {"trace": {"found": {"any": ["x", {"y": text}]}}},
        {"refused": [{"code": text}]},
    ):
        expected = msgspec.json.decode(msgspec.json.encode(document).replace(*map(msgspec.json.encode, (text, left))))
        assert cleaned(document) == expected


@pytest.mark.parametrize(
    "text", ["joann@example.com", "x.ann@example.com", "ann@example.community", f"{ANN}.au", "ann"]
)
def test_another_address_stays(text: str):
    assert cleaned({"detail": f"It belongs to {text}."}) is None


def test_what_the_shop_says_itself_stays():
    said = {"type": "evaluation", "currency": "EUR", "items": [{"id": "evaluation"}], "refused": [{"reason": "ended"}]}
    for address in ("evaluation", "EUR", "ended", "type"):
        assert cleaned(said, address) is None


def test_signs_of_patterns_and_of_json_mean_nothing():
    for address in (".*", 'a\\b"c@x', "(", "ä@x", "n@x"):
        assert cleaned({"detail": f"for {address} alone", "found": "\\n@y"}, address)["detail"] == "for ** alone"


def test_without_an_address_nothing_is_looked_for():
    assert cleaned({"detail": "x  y"}, " ", "") is None
