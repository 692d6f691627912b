"""What downloads are called, whatever a promotion is called."""

import re
from datetime import date
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couponry.api.file_names import disposition

DAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("name", "plain", "spelled"),
    [
        ("Summer sale", "Summer-sale-2026-11-22-codes.csv", None),
        ("=cmd|' /C calc'!A0", "cmd-C-calc-A0-2026-11-22-codes.csv", None),
        ("../../etc/passwd", "etc-passwd-2026-11-22-codes.csv", None),
        ('a"; filename="b\r\nX: y', "a-filename-b-X-y-2026-11-22-codes.csv", None),
        ("券", "promotion-2026-11-22-codes.csv", "券-2026-11-22-codes.csv"),
        ("Größe", "Groe-2026-11-22-codes.csv", "Größe-2026-11-22-codes.csv"),
        ("😀", "promotion-2026-11-22-codes.csv", None),
        (None, "promotion-2026-11-22-codes.csv", None),
    ],
)
def test_a_file_is_called_after_its_promotion(name: str | None, plain: str, spelled: str | None):
    said = disposition(name, DAY, "codes")

    told, _, more = said.partition("; filename*=UTF-8''")
    assert told == f'attachment; filename="{plain}"'
    assert (unquote(more) or None) == spelled


@given(st.text(max_size=300))
def test_no_name_says_more_than_a_name(name: str):
    said = disposition(name, DAY, "codes")

    assert re.fullmatch(
        r"""attachment; filename="[A-Za-z0-9-]+\.csv"(; filename\*=UTF-8''[A-Za-z0-9%-]+\.csv)?""", said
    )
    assert len(unquote(said.rpartition("''")[2]).encode()) <= 255 or "''" not in said
