"""Pages of lists, as links that people can read."""

from typing import Any, NamedTuple
from urllib.parse import urlencode

from litestar import Request

from couponry.domain.listing import MAX_OFFSET, Page

PAGE = Page(25)


def page_asked(request: Request[Any, Any, Any]) -> Page:
    """Return the page that `?page=` asks for; what is no page is the first."""
    text = request.query_params.get("page", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1
    return Page(PAGE.limit, min(max(number - 1, 0) * PAGE.limit, MAX_OFFSET))


class Pages(NamedTuple):
    """Where a list is, and the ways on."""

    asked: Page
    total: int
    path: str
    kept: dict[str, str]
    """What is asked of the list beside the page."""
    exact: bool = True

    @property
    def first(self) -> int:
        """The number of the first element shown, 0 where there is none."""
        return min(self.asked.offset + 1, self.total)

    @property
    def last(self) -> int:
        """The number of the last element shown."""
        return min(self.asked.offset + self.asked.limit, self.total)

    @property
    def before(self) -> str | None:
        """The way to the page before this."""
        return self.link(self.asked.offset // self.asked.limit) if self.asked.offset else None

    @property
    def after(self) -> str | None:
        """The way to the page after this."""
        next_ = self.asked.offset + self.asked.limit
        return self.link(next_ // self.asked.limit + 1) if next_ < min(self.total, MAX_OFFSET + 1) else None

    def link(self, number: int | None = None, **other: str) -> str:
        """Return the way to page *number* of the list, or to its start with *other* things asked of it."""
        asked = {name: value for name, value in (self.kept | other).items() if value}
        query = urlencode(asked | ({"page": str(number)} if number and number > 1 else {}))
        return f"{self.path}?{query}" if query else self.path
