"""Reading the lines of an import, so many at a time. The process that reads imports little else, so it is small."""

from operator import itemgetter

import msgspec

from couponry.domain.code_files import Columns, Refused, read_lines
from couponry.domain.codes import auto_code, code_key
from couponry.storage import code_rows


class Batch(msgspec.Struct, frozen=True):
    """The lines of a batch, as they can be loaded."""

    rows: bytes
    count: int
    """How many codes the rows hold."""
    refused: list[Refused]
    lines: int


def read_batch(origin: code_rows.Origin, first_id: int, columns: Columns, text: bytes, first: int) -> Batch:
    """Return the lines of *text*, numbered from *first* on, as they can be loaded: in the order of their keys."""
    taken, refused, lines = read_lines(columns, text, first, code_key(auto_code(origin.promotion_id)))
    taken.sort(key=itemgetter(2))
    return Batch(b"".join(code_rows.rows(origin, first_id, taken)), len(taken), refused, lines)
