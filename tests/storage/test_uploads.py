"""One file of a promotion comes at a time, however many processes are asked to take one in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import UUID

import pytest

from couponry.domain.job_errors import TooManyJobs
from couponry.domain.jobs import NewImport
from couponry.services import code_uploads
from couponry.services.context import Context, fresh_id
from couponry.storage import code_imports
from couponry.storage.database import Database
from couponry.storage.exports import ExportFiles
from couponry.storage.jobs import Key
from support import Shop


@pytest.fixture
def promotion(shop: Shop) -> tuple[UUID, UUID]:
    return UUID(shop.store_id), UUID(shop.promotion())


async def begun(database: Database, key: Key) -> bool:
    async with database.transaction() as connection:
        return await code_imports.begin_upload(connection, key)


async def silent(database: Database, key: Key) -> None:
    """Let nothing have been heard of a file for as long as one may be silent."""
    async with database.connection() as connection:
        await connection.execute(
            "UPDATE uploads SET created_at = now() - %s * interval '1 second' WHERE job_id = %s",
            [code_imports.SILENT_SECONDS, key[2]],
        )


async def test_of_two_that_begin_at_the_same_moment_the_second_waits_and_is_refused(
    database: Database, promotion: tuple[UUID, UUID]
):
    async with database.transaction() as connection:
        assert await code_imports.begin_upload(connection, (*promotion, fresh_id()))
        second = asyncio.create_task(begun(database, (*promotion, fresh_id())))
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(second), 0.3)
        assert not second.done()
    assert not await second


async def test_many_at_once_are_one(database: Database, promotion: tuple[UUID, UUID], shop: Shop):
    keys = [(*promotion, fresh_id()) for _ in range(8)]
    assert sorted(await asyncio.gather(*(begun(database, key) for key in keys))) == [False] * 7 + [True]
    assert await begun(database, (promotion[0], UUID(shop.promotion()), fresh_id()))


async def test_a_file_that_was_silent_for_long_is_in_nobody_s_way_and_does_not_go_on(
    database: Database, promotion: tuple[UUID, UUID]
):
    first, second = (*promotion, fresh_id()), (*promotion, fresh_id())
    assert await begun(database, first)
    await silent(database, first)
    async with database.transaction() as connection:
        assert await code_imports.go_on_with_upload(connection, first)
    assert not await begun(database, second)
    await silent(database, first)
    assert await begun(database, second)
    async with database.transaction() as connection:
        assert not await code_imports.go_on_with_upload(connection, first)
        assert await code_imports.go_on_with_upload(connection, second)


@pytest.mark.parametrize("taken", [False, True], ids=["alone", "overtaken"])
async def test_a_file_that_comes_slowly_is_heard_of(
    database: Database,
    promotion: tuple[UUID, UUID],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    taken: bool,
):
    monkeypatch.setattr(code_uploads, "NOTED_SECONDS", 0.0)
    store_id, promotion_id = promotion
    files, other = ExportFiles(None, tmp_path / "exports"), (*promotion, fresh_id())

    @asynccontextmanager
    async def opening() -> AsyncIterator[Context]:
        async with database.transaction() as connection:
            yield Context(connection, store_id, "test")

    async def pieces() -> AsyncIterator[bytes]:
        yield b"code\nA\n"
        async with database.connection() as connection:
            await connection.execute(
                "UPDATE uploads SET created_at = now() - interval '1 hour' WHERE promotion_id = %s", [promotion_id]
            )
        if taken:
            assert await begun(database, other)
        yield b"B\n"
        assert not await begun(database, (*promotion, fresh_id()))

    coming = code_uploads.import_file(opening, files, promotion_id, pieces(), NewImport(dry_run=True))
    if not taken:
        assert (await coming).total == 2
        return
    with pytest.raises(TooManyJobs, match="Another file is being uploaded"):
        await coming
    assert [path for path in (tmp_path / "exports").rglob("*") if path.is_file()] == []
    async with database.connection() as connection:
        kept = await connection.execute("SELECT job_id FROM uploads WHERE promotion_id = %s", [promotion_id])
        assert await kept.fetchall() == [(other[2],)]
