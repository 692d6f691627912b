"""Lists on the wire: pages, links, and the grammar of filters (behaviour.md 6.2, 6.3)."""

import re
from collections.abc import Sequence
from typing import Any, TypeVar, cast, get_args
from urllib.parse import quote

from litestar import Request

from couponry.api.answers import Links, ListDocument, ListMeta, PageMeta, Results
from couponry.domain import listing
from couponry.domain.errors import BadRequest, UnparsableFilter
from couponry.domain.listing import EVERYTHING, MAX_LIMIT, MAX_OFFSET, All, Comparison, Filter, Listed, Operator, Page

T = TypeVar("T")

DEFAULT_LIMIT = 25
MAX_FILTER_TESTS = 10
MAX_FILTER_BYTES = 8 * 1024

_WHOLE_NUMBER = re.compile(r"\d{1,18}", re.ASCII)
_TOKEN = re.compile(
    r"""\s*(?: (?P<quoted>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*") | (?P<bare>[^()'",]+) | (?P<mark>[(),]) )""",
    re.VERBOSE | re.DOTALL,
)


def page_asked(request: Request[Any, Any, Any]) -> Page:
    """Return the page that a request asks for; a limit above 100 becomes 100.

    Raises:
        BadRequest: a limit or offset that is no whole number, or an offset above 10,000.
    """
    limit = _number(request, "page[limit]", DEFAULT_LIMIT)
    offset = _number(request, "page[offset]", 0)
    if offset > MAX_OFFSET:
        raise BadRequest(f"page[offset] must be less than or equal to {MAX_OFFSET}")
    return Page(min(limit, MAX_LIMIT), offset)


def _number(request: Request[Any, Any, Any], name: str, default: int) -> int:
    given = request.query_params.get(name)
    if given is None or given == "":
        return default
    if not _WHOLE_NUMBER.fullmatch(given):
        raise BadRequest(f"{name} must be a whole number")
    return int(given)


def filter_asked(request: Request[Any, Any, Any]) -> Filter:
    """Return the filter that a request asks for; none lets everything through.

    Raises:
        UnparsableFilter: it does not follow the grammar, or is too long.
    """
    return parse_filter(request.query_params.get("filter", ""))


def order_asked(request: Request[Any, Any, Any], orders: Sequence[str | None]) -> str | None:
    """Return the order that a request asks for, one of *orders*.

    Raises:
        BadRequest: another one.
    """
    order = request.query_params.get("sort") or None
    if order not in orders:
        raise BadRequest("sort must be one of: " + ", ".join(name for name in orders if name))
    return order


def list_document(request: Request[Any, Any, Any], page: Page, listed: Listed[Any], data: list[T]) -> ListDocument[T]:
    """Return a page of a list as it is answered: its elements, its links, and how many there are."""
    pages = -(-listed.total // page.limit) if page.limit else 0
    current = page.offset // page.limit + 1 if page.limit else 1
    results = Results(listed.total, "exact" if listed.exact else "lower_bound")
    meta = ListMeta(PageMeta(page.limit, page.offset, current, pages), results)
    return ListDocument(data, _links(request, page, listed.total), meta)


def _links(request: Request[Any, Any, Any], page: Page, total: int) -> Links:
    kept = [
        f"{name}={quote(value, safe=':,()*')}&"
        for name in ("filter", "sort")
        for value in request.query_params.getall(name, [])
    ]
    start = f"{request.url.path}?{''.join(kept)}"

    def link(offset: int) -> str:
        return f"{start}page[offset]={offset}&page[limit]={page.limit}"

    step = page.limit or 1
    last = max(0, (min(total, MAX_OFFSET + 1) - 1) // step * step)
    return Links(
        current=link(page.offset),
        first=link(0),
        last=link(last),
        prev=link(max(0, page.offset - step)) if page.offset else None,
        next=link(page.offset + step) if page.limit and page.offset + step < min(total, MAX_OFFSET + 1) else None,
    )


def parse_filter(text: str) -> Filter:
    """Return *text*, a filter of the wire, as a tree: `:` joins with AND and binds tighter than `|`, which is OR.

    Raises:
        UnparsableFilter: it does not follow the grammar, has more than 10 tests or 8 KB.
    """
    if not text.strip():
        return EVERYTHING
    if len(text.encode(errors="surrogatepass")) > MAX_FILTER_BYTES or "\0" in text:
        raise UnparsableFilter
    parser = _Parser(text)
    parsed = parser.either()
    if not parser.at_end() or parser.tests > MAX_FILTER_TESTS:
        raise UnparsableFilter
    return parsed


class _Parser:
    """Reads a filter from left to right; each method reads one rule of the grammar."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.tests = 0
        self.depth = 0

    def at_end(self) -> bool:
        return not self.text[self.at :].strip()

    def take(self, mark: str) -> bool:
        """Step over *mark* and any space before it, if it comes next."""
        rest = self.text[self.at :].lstrip()
        if not rest.startswith(mark):
            return False
        self.at = len(self.text) - len(rest) + len(mark)
        return True

    def either(self) -> Filter:
        parts = [self.every()]
        while self.take("|"):
            parts.append(self.every())
        return parts[0] if len(parts) == 1 else listing.Any(tuple(parts))

    def every(self) -> Filter:
        parts = [self.group()]
        while self.take(":"):
            parts.append(self.group())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def group(self) -> Filter:
        if not self.take("("):
            return self.test()
        self.depth += 1
        if self.depth > MAX_FILTER_TESTS:
            raise UnparsableFilter
        inner = self.either()
        if not self.take(")"):
            raise UnparsableFilter
        return inner

    def test(self) -> Comparison:
        name = re.compile(r"\s*(\w+)\s*\(", re.ASCII).match(self.text, self.at)
        if name is None or name[1] not in get_args(Operator):
            raise UnparsableFilter
        self.at = name.end()
        self.tests += 1
        attribute, *operands = self.operands()
        if not operands and name[1] != "is_null":
            raise UnparsableFilter
        return Comparison(cast("Operator", name[1]), attribute, tuple(operands))

    def operands(self) -> list[str]:
        """Read operands up to the closing parenthesis. Bare ones may hold `:` and `|`."""
        operands: list[str] = []
        while True:
            operands.append(self.operand())
            token = _TOKEN.match(self.text, self.at)
            if token is None or token["mark"] not in (")", ","):
                raise UnparsableFilter
            self.at = token.end()
            if token["mark"] == ")":
                return operands

    def operand(self) -> str:
        token = _TOKEN.match(self.text, self.at)
        if token is None or token["mark"]:
            raise UnparsableFilter
        self.at = token.end()
        if token["quoted"]:
            return re.sub(r"\\(.)", r"\1", token["quoted"][1:-1], flags=re.DOTALL)
        return token["bare"].strip()
