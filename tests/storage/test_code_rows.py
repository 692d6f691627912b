"""What the binary COPY writes is what PostgreSQL reads."""

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from couponry.domain.codes import CodeLimits, CodePattern, MaxUsesPerShopper, code_key
from couponry.domain.ids import series
from couponry.services.context import fresh_id
from couponry.storage import code_rows, codes
from couponry.storage.database import Database

texts = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=30)
uses = st.one_of(st.just(UNSET), st.integers(0, 2**31 - 1))
flags = st.sampled_from([UNSET, True, False])
limits = st.builds(
    CodeLimits,
    max_uses=uses,
    user=st.one_of(st.just(UNSET), texts),
    consume_unit=st.sampled_from([UNSET, "per_checkout", "per_application"]),
    max_uses_per_shopper=st.one_of(
        st.just(UNSET), st.builds(MaxUsesPerShopper, max_uses=st.integers(0, 2**31 - 1), includes_guests=flags)
    ),
    is_for_new_shopper=flags,
)
moments = (
    st.integers(0, 2**42)
    .map(lambda milliseconds: datetime.fromtimestamp(milliseconds / 1000, UTC))
    .map(lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000))
)
spellings = texts.filter(lambda code: bool(code.strip()))

READ = """
SELECT store_id, promotion_id, id, created_at, created_by, code, code_key, used, max_uses, "user", consume_unit::text,
    shopper_max_uses, includes_guests, is_for_new_shopper
FROM promotion_codes WHERE store_id = %s AND promotion_id = %s ORDER BY id
"""


def expected(origin: code_rows.Origin, id_: int, code: str, key: str, limit: CodeLimits) -> tuple[Any, ...]:
    shopper = limit.max_uses_per_shopper
    shopper = MaxUsesPerShopper() if shopper is UNSET else shopper
    values = (limit.max_uses, limit.user, limit.consume_unit, shopper.max_uses, shopper.includes_guests)
    nullable = [None if value is UNSET else value for value in (*values, limit.is_for_new_shopper)]
    names = (origin.created_at, origin.created_by, code, key)
    return (origin.store_id, origin.promotion_id, UUID(int=id_), *names, 0, *nullable)


def written_and_read(url: str, origin: code_rows.Origin, rows: bytes | bytearray) -> Sequence[tuple[Any, ...]]:
    async def write_and_read() -> Sequence[tuple[Any, ...]]:
        database = Database(url, connections=1)
        await database.open()
        try:
            async with database.transaction() as connection:
                await codes.add(connection, rows)
                cursor = await connection.execute(READ, [origin.store_id, origin.promotion_id])
                return await cursor.fetchall()
        finally:
            await database.close()

    return asyncio.run(write_and_read())


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(spellings.map(code_key), st.tuples(spellings, limits), max_size=20), moments, texts)
def test_rows_are_read_back_as_they_were_written(
    database_url: str, new: dict[str, tuple[str, CodeLimits]], moment: datetime, actor: str
):
    origin, first = code_rows.Origin(fresh_id(), fresh_id(), actor, moment), series(fresh_id())
    asked = [(offset, code, key, limit) for offset, (key, (code, limit)) in enumerate(new.items())]
    read = written_and_read(database_url, origin, b"".join(code_rows.rows(origin, first, asked)))
    assert read == [expected(origin, first + offset, code, key, limit) for offset, code, key, limit in asked]


@settings(max_examples=40, deadline=None)
@given(
    limits,
    moments,
    st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=20).filter(
        lambda prefix: not prefix[:1].isspace()
    ),
    st.integers(8, 16),
    st.one_of(st.integers(0, 2**40 - 1000), st.sampled_from([0, 250, 65_530, 16_777_210, 2**40 - 100])),
    st.integers(1, 60),
    st.integers(0, 2**32),
)
def test_generated_rows_are_read_back_as_they_were_drawn(
    database_url: str,
    limit: CodeLimits,
    moment: datetime,
    prefix: str,
    length: int,
    done: int,
    count: int,
    seed: int,
):
    pattern, first = CodePattern(prefix, length), series(fresh_id()) + done
    origin = code_rows.Origin(fresh_id(), fresh_id(), "test", moment)
    bodies = pattern.draw(range(1000), count, set(), random.Random(seed).randbytes)
    rows = code_rows.generated_rows(origin, first, pattern, limit, bodies)
    made = [prefix + body.decode() for body in bodies]
    assert written_and_read(database_url, origin, rows) == [
        expected(origin, first + offset, code, code_key(code), limit) for offset, code in enumerate(made)
    ]
