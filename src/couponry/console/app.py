"""What the console answers, page by page."""

from litestar import Router

from couponry.api.heads import heads_too, without_body
from couponry.console import (
    access,
    assets,
    audit,
    codes,
    dashboard,
    imports,
    jobs,
    promotion_forms,
    promotions,
    qr,
    redeeming,
    rules,
    sign_in,
    support,
    trying,
    usages,
)
from couponry.console.failures import HANDLERS
from couponry.console.pages import HOME

MAX_FORM = 1024 * 1024
"""How many bytes a form has at most; reading one takes the processor of everybody."""

_doors = Router(
    HOME,
    route_handlers=heads_too([*sign_in.handlers, assets.asset]),
    middleware=[without_body],
    exception_handlers=HANDLERS,
    include_in_schema=False,
)

_rooms = Router(
    HOME,
    route_handlers=heads_too(
        [
            *dashboard.handlers,
            *usages.handlers,
            *support.handlers,
            *promotions.handlers,
            *promotion_forms.handlers,
            *rules.handlers,
            *codes.handlers,
            *qr.handlers,
            *jobs.handlers,
            *trying.handlers,
            *redeeming.handlers,
            *imports.handlers,
            *access.handlers,
            *audit.handlers,
        ]
    ),
    middleware=[without_body],
    guards=[sign_in.require_session],
    request_max_body_size=MAX_FORM,
    exception_handlers=HANDLERS,
    include_in_schema=False,
)

handlers = [_doors, _rooms]
"""Everything under `/console`: what anybody may see, and what needs a session."""
