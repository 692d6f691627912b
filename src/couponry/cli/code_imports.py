"""`couponry codes import`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from couponry.cli.errors import Refused, UserError
from couponry.cli.options import JsonOption, LocalStoreOption, PromotionArgument, UrlOption, Where
from couponry.cli.output import note, progress, tell

if TYPE_CHECKING:
    from couponry.cli.client import Client
    from couponry.cli.code_files import CodeLine
    from couponry.domain.product_lines import WrongLine

BATCH = 10_000
"""The most codes of one request."""
AT_ONCE = 100
"""The most codes that one cart is judged with."""
TRIES = 3
"""How often a batch is sent because somebody else added codes of it meanwhile."""
MAX_TOLD = 20


def import_codes(
    promotion: PromotionArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .csv file; its first line names the columns.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be imported and what not.")] = False,
    skip_invalid: Annotated[bool, typer.Option("--skip-invalid", help="Import the others if lines are wrong.")] = False,
    store: LocalStoreOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add the codes of a CSV file to a promotion, 10,000 at a time.

    Columns: code, uses (or max_uses), user, consume_unit, max_uses_per_shopper, includes_guests, is_for_new_shopper;
    what `codes export` wrote can be imported. Wrong lines are told by their numbers, and then nothing is imported
    unless they are to be skipped. Codes that the promotion has already are told and passed over. Ends with 1 where
    a line was not imported.
    """
    from couponry.cli.client import PROMOTIONS, id_given, run
    from couponry.cli.code_files import code_lines

    id_ = id_given(promotion, "promotion")
    told = _Told()
    right = 0
    for one in code_lines(file):
        right += not told.refuses(one)
    if told.count and not (skip_invalid or dry_run):
        told.say(as_json=as_json)
        raise UserError("Nothing was imported; mend these lines, or leave them out with --skip-invalid.")

    async def work(client: "Client") -> None:
        await client.one("GET", f"{PROMOTIONS}/{id_}")
        importing = _Importing(client, id_, told, dry_run=dry_run)
        with progress("checking" if dry_run else "importing") as advance:
            try:
                await importing.all_of(file, lambda done: advance(done, right))
            except Refused as refusal:
                raise UserError(f"{refusal}; {importing.imported} codes were imported before that.") from refusal
        told.say(as_json=as_json)
        if as_json:
            tell({"data": {"imported": importing.imported, "dry_run": dry_run, "refused": told.members()}})
        would = "would be " if dry_run else ""
        note(f"{importing.imported} codes {would}imported, {told.count} lines refused.")

    run(Where(url, store), work)
    if told.count:
        raise typer.Exit(1)


class _Told:
    """Lines that are not imported, and why."""

    def __init__(self) -> None:
        self.wrong: list[WrongLine] = []

    @property
    def count(self) -> int:
        return len(self.wrong)

    def refuses(self, line: "CodeLine | WrongLine") -> bool:
        """Note *line* if it is wrong, and tell whether it is."""
        from couponry.domain.product_lines import WrongLine

        if isinstance(line, WrongLine):
            self.wrong.append(line)
        return isinstance(line, WrongLine)

    def members(self) -> list[dict[str, object]]:
        return [{"line": one.line, "reason": one.reason} for one in sorted(self.wrong, key=lambda one: one.line)]

    def say(self, *, as_json: bool) -> None:
        """Tell the first of them on stderr, where no document tells all."""
        if as_json:
            return
        for one in sorted(self.wrong, key=lambda one: one.line)[:MAX_TOLD]:
            note(f"line {one.line}: {one.reason}")
        if self.count > MAX_TOLD:
            note(f"and {self.count - MAX_TOLD} more lines")


class _Importing:
    """One import under way."""

    def __init__(self, client: "Client", promotion_id: str, told: _Told, *, dry_run: bool) -> None:
        self.client, self.promotion_id, self.told, self.dry_run = client, promotion_id, told, dry_run
        self.imported = 0

    async def all_of(self, file: Path, advance: Callable[[int], None]) -> None:
        from couponry.cli.code_files import CodeLine, batches, code_lines

        looked_at = 0
        for batch in batches(code_lines(file), BATCH):
            codes = [one for one in batch if isinstance(one, CodeLine)]
            self.imported += await self._batch(codes)
            looked_at += len(codes)
            advance(looked_at)

    async def _batch(self, codes: "list[CodeLine]") -> int:
        """Send *codes*, without those that the promotion has already, and return how many went in."""
        if self.dry_run:
            return len(await self._new(codes))
        for _ in range(TRIES):
            try:
                return await self._send(codes)
            except Refused as refusal:
                if [error["title"] for error in refusal.errors] != ["Duplicate code"]:
                    raise
            codes = await self._new(codes)
        return await self._send(codes)

    async def _send(self, codes: "Sequence[CodeLine]") -> int:
        from couponry.cli.client import PROMOTIONS

        if codes:
            body = {"type": "promotion_codes", "codes": [one.code for one in codes]}
            await self.client.one("POST", f"{PROMOTIONS}/{self.promotion_id}/codes", body)
        return len(codes)

    async def _new(self, codes: "list[CodeLine]") -> "list[CodeLine]":
        """Return those of *codes* that the promotion does not have, and tell of the others."""
        from couponry.domain.product_lines import WrongLine

        known: set[str] = set()
        for first in range(0, len(codes), AT_ONCE):
            known |= await self._known(codes[first : first + AT_ONCE])
        for one in codes:
            if one.key in known:
                self.told.refuses(WrongLine(one.line, f"the promotion has the code {one.code['code']} already"))
        return [one for one in codes if one.key not in known]

    async def _known(self, codes: "list[CodeLine]") -> set[str]:
        """Return the keys of those of *codes* that the promotion has: no cart is refused by a code that is unknown."""
        from couponry.cli.client import PROMOTIONS
        from couponry.domain.codes import auto_code, code_key

        cart = {"type": "evaluation", "currency": "USD", "items": [], "codes": [one.code["code"] for one in codes]}
        judged = await self.client.one("POST", f"{PROMOTIONS}/evaluations", cart)
        named = [*judged["refused"], *judged["applied"]]
        known = {code_key(one["code"]) for one in named if one.get("promotion_id") == self.promotion_id}
        own = code_key(auto_code(self.promotion_id))  # which no other code may be spelled as
        return known | {one.key for one in codes if one.key == own}
