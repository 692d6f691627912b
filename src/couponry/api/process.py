"""One API process, on a listening socket that it was given: `python -m couponry.api.process FD`."""

import gc
import socket
import sys

import uvicorn
from litestar import Litestar
from uvicorn.importer import import_from_string
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from couponry import logs
from couponry.api.state import Api
from couponry.settings import settings

HEAD_BYTES = 64 * 1024
"""A request's line and headers may be this long; what came in one piece may be somewhat longer."""
GRACE_SECONDS = 10
GARBAGE = 50_000
"""How many objects come between two looks for garbage: an answer of a thousand codes needs none."""


class BoundedHead(HttpToolsProtocol):
    """HTTP as uvicorn speaks it, but a head without end is refused instead of kept in memory."""

    _head_bytes: int | None = None

    def data_received(self, data: bytes) -> None:
        """Take what came, and give up on a head that grew too long."""
        began_before = self._head_bytes is not None
        super().data_received(data)
        if began_before and self._head_bytes is not None:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
                self.send_400_response("The request's headers are too long.")

    def on_message_begin(self) -> None:
        """Begin to count."""
        self._head_bytes = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; trailers, which come after the body and may come without end, are dropped."""
        if self._head_bytes is not None:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Stop counting."""
        self._head_bytes = None
        super().on_headers_complete()


class Server(uvicorn.Server):
    """uvicorn, but streams end when it is told to stop: it would wait for them to end by themselves."""

    def __init__(self, config: uvicorn.Config, app: Litestar) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then let open requests finish."""
        if "api" in self._app.state:  # it came to run
            api: Api = self._app.state["api"]
            api.watching.close()
        await super().shutdown(sockets)


def main() -> None:
    """Serve until told to stop by SIGTERM or SIGINT; open requests may then finish."""
    logs.configure(settings())
    gc.set_threshold(GARBAGE)
    listener = socket.socket(fileno=int(sys.argv[1]))
    app: Litestar = import_from_string("couponry.web:create_app")()  # the console stands above the API
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=BoundedHead,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    Server(config, app).run(sockets=[listener])


if __name__ == "__main__":
    main()
