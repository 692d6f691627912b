"""An API process with one more endpoint: it decodes an evaluation, makes its SELECT, and answers a constant.

`python -m bench.constant` prints the port and serves until it is told to stop.
"""

import gc
import socket
from typing import Any

import uvicorn
from litestar import Litestar, Request, Response, post

from couponry.api.answers import EvaluationAnswer
from couponry.api.app import create_app
from couponry.api.auth import require_token
from couponry.api.documents import decode
from couponry.api.evaluations import EvaluationDocument
from couponry.api.process import GARBAGE, BoundedHead
from couponry.api.state import api_of
from couponry.api.wire import json_answer, json_body
from couponry.domain.codes import code_key
from couponry.domain.outcome import Evaluation
from couponry.services import evaluations
from couponry.services.context import utc_now
from couponry.storage.entered_codes import Entered

KEPT: list[Evaluation] = []
"""The answer: the first one, as it was judged."""


@post("/bench/constant", status_code=200, guards=[require_token])
async def constant(request: Request[Any, Any, Any]) -> Response[bytes]:
    api, store_id = api_of(request), request.auth.store_id
    asked = decode(await json_body(request), EvaluationDocument).data
    await api.till.look_ups.look_up(store_id, Entered(tuple(code_key(code) for code in asked.codes)))
    if not KEPT:
        judged = await evaluations.evaluate_cart(
            api.till.look_ups, api.promotions, store_id, asked, asked.codes, at=utc_now()
        )
        KEPT.append(judged)
    return json_answer(EvaluationAnswer(KEPT[0]))


def app() -> Litestar:
    made = create_app()
    made.register(constant)
    return made


def main() -> None:
    gc.set_threshold(GARBAGE)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(
        "bench.constant:app", factory=True, loop="uvloop", http=BoundedHead, log_config=None, access_log=False
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
