"""Sending a file of codes to be imported, and fetching the report of what was refused."""

import csv
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from functools import partial
from pathlib import Path
from uuid import UUID

from msgspec import UNSET

from couponry.cli.client import PROMOTIONS, Client, Document
from couponry.cli.errors import Refused
from couponry.cli.output import progress
from couponry.cli.session import context
from couponry.cli.watching import Advance, path_of
from couponry.domain.jobs import NewImport, name_after

PIECE = 1024 * 1024
MAX_TOLD = 20
"""How many refused lines are told; a report has all."""


async def sent(client: Client, promotion_id: str, file: Path, *, dry_run: bool) -> Document:
    """Send a file, never whole in memory, and return the job that imports it; here, no limit of the store binds."""
    name = name_after(file.name)
    with progress("sending") as advance:
        pieces = _pieces(file, advance)
        if client.local is None:
            said = {} if name is UNSET else {"name": name}
            path = f"{PROMOTIONS}/{promotion_id}/jobs/code_import"
            return await client.send(path, pieces, dry_run=str(dry_run).lower(), **said)
        from couponry.services.code_uploads import import_file

        api, store = client.local
        wanted = NewImport(dry_run=dry_run, name=name)
        opening = partial(context, api.database, store)
        job = await import_file(opening, api.files, UUID(promotion_id), pieces, wanted, limited=False)
    return await client.one("GET", f"{PROMOTIONS}/{promotion_id}/jobs/{job.id}")


async def _pieces(file: Path, advance: Advance) -> AsyncIterator[bytes]:
    done = 0
    with file.open("rb") as content:
        size = os.fstat(content.fileno()).st_size
        while piece := content.read(PIECE):
            yield piece
            done += len(piece)
            advance(done, size)


async def has_report(client: Client, job: Document) -> bool:
    """Tell whether there is a report of an import that has ended: of each completed one, and of most that failed."""
    try:
        await client.link(path_of(job))
    except Refused:
        return False
    return True


async def report_of(client: Client, job: Document) -> AsyncGenerator[bytes]:
    """Yield the report of an import that has one piece by piece."""
    if client.local is not None:
        from couponry.services import jobs

        api, store = client.local
        async with context(api.database, store) as now:
            path = await jobs.file_of(now, UUID(job["promotion_id"]), UUID(job["id"]))
        async for piece in api.files.stream(path):
            yield piece
        return
    async with aclosing(client.file(path_of(job))) as pieces:
        async for piece in pieces:
            yield piece


async def told(client: Client, job: Document) -> list[str]:
    """Return a sentence for each of the first lines that an import refused, and one for the others."""
    refused = job["result"]["duplicate"] + job["result"]["invalid"]
    if not refused:
        return []
    text = b""
    async with aclosing(report_of(client, job)) as pieces:
        async for piece in pieces:
            text += piece
            if text.count(b"\n") > MAX_TOLD:
                break
    lines = text.decode(errors="replace").split("\r\n")[1 : MAX_TOLD + 1]
    rows = csv.reader(line for line in lines if line)
    sentences = [f"line {line}: {reason}" + (f" ({code})" if code else "") for line, code, reason in rows]
    more = refused - len(sentences)
    return [*sentences, *([f"and {more} more lines; --report FILE writes them all"] if more else [])]
