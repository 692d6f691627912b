"""What each operation on clients and the audit log takes, answers and refuses."""

from typing import Any

from couponry.api.audit_answers import AuditLog, ClientAnswer, ClientList
from couponry.api.clients import NewClientDocument
from couponry.api.listing import DEFAULT_LIMIT
from couponry.api.operation import Operation, Tag
from couponry.api.responses import A_BAD_PAGE
from couponry.domain.errors import ClientNotFound
from couponry.domain.listing import MAX_LIMIT, MAX_OFFSET
from couponry.storage.audit_lists import FILTERS

NO_CLIENT = ClientNotFound()
PAGES: dict[str, dict[str, Any]] = {
    "page[limit]": {
        "description": f"The most elements to answer; more than {MAX_LIMIT} means {MAX_LIMIT}.",
        "schema": {"type": "integer", "minimum": 0, "default": DEFAULT_LIMIT},
    },
    "page[offset]": {
        "description": "How many elements to pass over.",
        "schema": {"type": "integer", "minimum": 0, "maximum": MAX_OFFSET, "default": 0},
    },
}

CLIENTS = Tag(
    "Clients and audit log",
    "Who may ask for tokens in the name of the store, and what they did. These operations are ours.",
    {
        "getClients": Operation(
            "Those that were revoked are listed as well.", answer=ClientList, options=PAGES, refuses=(A_BAD_PAGE,)
        ),
        "createClient": Operation(
            "`client_secret` is told in this answer and never again: only a hash is kept.",
            answer=ClientAnswer,
            body=NewClientDocument,
            examples={"A till": {"data": {"type": "client", "name": "Till in the main street"}}},
        ),
        "changeClientSecret": Operation(
            "The old secret is good for nothing from now on, and whoever is signed in to the console with it is out."
            " Tokens that were given out stay good until they expire, which takes an hour at most.",
            answer=ClientAnswer,
            refuses=(NO_CLIENT,),
        ),
        "revokeClient": Operation(
            "It gets no more tokens, those that it has are refused within seconds, and whoever is signed in to the"
            " console with it is out at once. A client may revoke itself.",
            refuses=(NO_CLIENT,),
        ),
        "getAuditLog": Operation(
            "Changes to promotions, codes, jobs, products, settings and clients, what was anonymized, and who came to"
            " the console; not what shoppers do, which carts, orders and usages tell. `object` is what it was done to:"
            " of codes and jobs, their promotion. `X-Request-Id` of a request is kept with what it did. More than ten"
            " thousand entries are not counted to the end.",
            answer=AuditLog,
            filters=FILTERS,
        ),
    },
)
