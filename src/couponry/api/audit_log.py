"""The audit log, which is ours: who changed what, when."""

from typing import Any

from litestar import Request, Response, get
from msgspec import UNSET

from couponry.api.audit_answers import AuditEntryResource
from couponry.api.auth import require_merchant
from couponry.api.listing import filter_asked, list_document, page_asked
from couponry.api.state import context_of
from couponry.api.wire import json_answer, moment
from couponry.domain.audit import Entry, Object
from couponry.services import audit


@get("/v2/rule-promotions/audit-log", operation_id="getAuditLog", guards=[require_merchant])
async def get_audit_log(request: Request[Any, Any, Any]) -> Response[bytes]:
    """List who changed what, newest first."""
    wanted, page = filter_asked(request), page_asked(request)
    async with context_of(request) as context:
        listed = await audit.list_entries(context, wanted, page)
    return json_answer(list_document(request, page, listed, [entry_document(one) for one in listed.rows]))


def entry_document(entry: Entry) -> AuditEntryResource:
    """Return an entry as it is answered."""
    return AuditEntryResource(
        id=entry.id,
        at=moment(entry.at),
        via=entry.via,
        client_id=entry.client_id or UNSET,
        action=entry.action,
        object=Object(entry.object_type, entry.object_id or UNSET, entry.object_name or UNSET),
        details=entry.details or UNSET,
        changes=entry.changes or UNSET,
        request_id=entry.request_id or UNSET,
    )
