"""Asking the API: of a server far away, or the same application within this process, on the database here."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast
from uuid import UUID

import httpx
import msgspec

from couponry.cli.database import database_url
from couponry.cli.errors import NotSignedIn, Refused, Unreachable, UserError
from couponry.cli.logins import address, credentials_for
from couponry.cli.options import Where
from couponry.settings import settings

if TYPE_CHECKING:
    from couponry.api.state import Api
    from couponry.domain.credentials import Credentials
    from couponry.storage.stores import Store

T = TypeVar("T")
Document = dict[str, Any]

PROMOTIONS = "/v2/rule-promotions"
PAGE = 100
"""The most elements of a page."""
TIMEOUT = httpx.Timeout(60, connect=10)


class Local(NamedTuple):
    """What the operator has beside the API: the database, and a store of it."""

    api: "Api"
    store: "Store"


class Client:
    """Speaks for a merchant: to a server, or for the operator to the application in this process."""

    def __init__(self, http: httpx.AsyncClient, local: Local | None = None) -> None:
        self.http = http
        self.local = local
        """None on a server."""

    async def ask(self, method: str, path: str, body: object = None, **query: str) -> Any:  # noqa: ANN401
        """Return the document that answers, which has `data`; None where there is none to give.

        Raises:
            Refused: the API says no.
            Unreachable: the server does not answer, or cannot now.
            UserError: what answers is no Couponry.
        """
        content = None if body is None else msgspec.json.encode(body)
        answer = await self._send(method, path, content, "application/json", query)
        if answer is not None:
            self._member(answer, "data", (dict, list))
        return answer

    async def send(self, path: str, pieces: AsyncIterator[bytes], **query: str) -> Document:
        """Send a CSV file as it comes in *pieces*, and return what `data` of the answer says; raises as `ask` does."""
        return self._member(await self._send("POST", path, pieces, "text/csv", query), "data", dict)

    async def link(self, path: str) -> str:
        """Return the link to the file of the job at *path*; raises as `ask` does."""
        return self._member(await self._send("GET", f"{path}/file", None, "", {}), "href", str)

    async def file(self, path: str) -> AsyncGenerator[bytes]:
        """Yield the file of the job at *path* piece by piece; raises as `ask` does, also when it breaks off."""
        link = await self.link(path)
        try:
            async with self.http.stream("GET", link, auth=None) as answer:
                if not answer.is_success:
                    kind = Unreachable if answer.status_code >= 500 else UserError
                    raise kind(f"The file cannot be fetched: {answer.status_code} {answer.reason_phrase}.")
                async for piece in answer.aiter_bytes():
                    yield piece
        except (httpx.RequestError, httpx.InvalidURL) as error:
            raise Unreachable(f"The file cannot be fetched: {error or type(error).__name__}.") from error

    async def _send(
        self, method: str, path: str, content: bytes | AsyncIterator[bytes] | None, kind: str, query: dict[str, str]
    ) -> Any:  # noqa: ANN401
        headers = {} if content is None else {"Content-Type": kind}
        try:
            answer = await self.http.request(method, path, content=content, headers=headers, params=query or None)
        except (httpx.RequestError, httpx.InvalidURL) as error:
            raise Unreachable(f"{self.http.base_url} does not answer: {error or type(error).__name__}.") from error
        return _document(self.http, answer)

    def _member(self, answer: object, name: str, kind: type | tuple[type, ...]) -> Any:  # noqa: ANN401
        """Return what an answer says under *name*."""
        found: Any = cast("Document", answer).get(name) if isinstance(answer, dict) else None
        if not isinstance(found, kind):
            raise UserError(f"{self.http.base_url} is no Couponry: its answer has no `{name}`.")
        return found

    async def one(self, method: str, path: str, body: object = None) -> Document:
        """Return what `data` of the answer says."""
        answer = await self.ask(method, path, None if body is None else {"data": body})
        return self._member(answer, "data", dict)

    async def every(self, path: str, limit: int, **query: str) -> list[Document]:
        """Return the first *limit* elements of a list, page by page."""
        found: list[Document] = []
        while len(found) < limit:
            size = min(PAGE, limit - len(found))
            pages = {"page[limit]": str(size), "page[offset]": str(len(found))}
            data: list[Document] = self._member(await self.ask("GET", path, **query, **pages), "data", list)
            found += data
            if len(data) < size:
                break
        return found

    async def count(self, path: str, **query: str) -> int:
        """Return how many elements a list has."""
        counted = await self.ask("GET", path, **query, **{"page[limit]": "1"})
        results = self._member(self._member(counted, "meta", dict), "results", dict)
        return self._member(results, "total", int)


def _document(http: httpx.AsyncClient, answer: httpx.Response) -> Any:  # noqa: ANN401
    try:
        document = None if answer.status_code == 204 else msgspec.json.decode(answer.content)
    except msgspec.DecodeError:
        document = None
        if answer.is_success:
            raise UserError(f"{http.base_url} is no Couponry: it answers without JSON.") from None
    if answer.is_success:
        return document
    errors: Any = document.get("errors") if isinstance(document, dict) else None  # pyright: ignore[reportUnknownMemberType,reportUnknownVariableType]
    if not isinstance(errors, list) or not errors or not all(isinstance(one, dict) for one in errors):  # pyright: ignore[reportUnknownVariableType]
        kind = Unreachable if answer.status_code >= 500 else UserError
        raise kind(f"{http.base_url} answers {answer.status_code} {answer.reason_phrase}; is it Couponry?")
    if answer.status_code == 503:
        raise Unreachable(str(Refused(errors)))  # pyright: ignore[reportUnknownArgumentType]
    raise Refused(errors)  # pyright: ignore[reportUnknownArgumentType]


def run(where: Where, work: Callable[[Client], Awaitable[T]], credentials: "Credentials | None" = None) -> T:
    """Run *work* with a client of where the command is to work, and return what it returns.

    On a server it speaks with *credentials*; else with those of the settings, or of whoever logged in.
    """
    if where.url is None and settings().url is None:
        from couponry.cli.local import opened  # whoever asks a server does without the application

        with database_url() as database:
            return asyncio.run(_with(opened(database, where.store or "default"), work))
    if where.store is not None:
        raise UserError("On a server the client decides the store; leave out --store.")
    server = address(where.url)
    return asyncio.run(_with(_remote(server, credentials or credentials_for(server)), work))


async def _with(opened: AbstractAsyncContextManager[Client], work: Callable[[Client], Awaitable[T]]) -> T:
    async with opened as client:
        return await work(client)


@asynccontextmanager
async def _remote(url: str, credentials: "Credentials") -> AsyncGenerator[Client]:
    signing_in = _SigningIn(url, credentials)
    agent = {"User-Agent": f"couponry/{version('couponry')}"}
    async with httpx.AsyncClient(base_url=url, auth=signing_in, headers=agent, timeout=TIMEOUT) as http:
        yield Client(http)


class _SigningIn(httpx.Auth):
    """Gets a token before the first request, and another when it has expired."""

    def __init__(self, url: str, credentials: "Credentials") -> None:
        self.url, self.credentials = url, credentials
        self.token: str | None = None

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        had_one = self.token is not None
        if not had_one:
            self.token = await self._token((yield self._asking()))
        request.headers["Authorization"] = f"Bearer {self.token}"
        answer = yield request
        if answer.status_code == 401 and had_one:
            self.token = await self._token((yield self._asking()))
            request.headers["Authorization"] = f"Bearer {self.token}"
            yield request

    def _asking(self) -> httpx.Request:
        form = {"grant_type": "client_credentials", **msgspec.structs.asdict(self.credentials)}
        return httpx.Request("POST", f"{self.url}/oauth/access_token", data=form)

    async def _token(self, answer: httpx.Response) -> str:
        # Of this answer alone: what is asked for may be a stream that goes on for hours.
        content = await answer.aread()
        if answer.status_code == 401:
            raise NotSignedIn(f"{self.url} does not know this client id and secret; `couponry login` takes others.")
        try:
            return msgspec.json.decode(content)["access_token"]
        except (msgspec.DecodeError, LookupError, TypeError):
            kind = Unreachable if answer.status_code >= 500 else UserError
            raise kind(f"{self.url} gives no token ({answer.status_code}); is it Couponry?") from None


def id_given(text: str, what: str) -> str:
    """Return the id that *text* is, or end with a sentence."""
    try:
        return str(UUID(text))
    except ValueError:
        raise UserError(f"{text} is not the id of a {what}.") from None


def filter_of(tests: Sequence[str]) -> dict[str, str]:
    """Return the query that asks for what passes all *tests*."""
    return {"filter": ":".join(tests)} if tests else {}


def quoted(text: str) -> str:
    """Return *text* as a filter's grammar takes it, whatever it contains."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
