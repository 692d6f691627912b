"""`couponry store` and `couponry client`: tenants, and who may ask for tokens."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from couponry.cli.errors import UserError
from couponry.cli.options import DoneJsonOption, JsonOption, StoreOption
from couponry.cli.output import show, tell
from couponry.cli.session import ACTOR, context, run, store_named

if TYPE_CHECKING:
    from couponry.storage.stores import Client

stores_app = typer.Typer(no_args_is_help=True, help="Stores: tenants that never meet.")
clients_app = typer.Typer(no_args_is_help=True, help="API clients of a store.")

NO_LIMIT = "none"
Limit = Annotated[str | None, typer.Option(metavar="NUMBER|none", help="`none` lifts the limit.")]


@stores_app.command("create")
def create_store(
    name: Annotated[str, typer.Argument(help="What the store is called.")], as_json: JsonOption = False
) -> None:
    """Create a store and its first client, whose secret is shown once."""
    from couponry.domain.audit import Via
    from couponry.services import access, clients
    from couponry.services.context import Context
    from couponry.settings import settings
    from couponry.storage.database import Database

    _require_name("store", name)

    async def work(database: Database) -> None:
        async with database.transaction() as connection:
            store = await access.create_store(connection, access.first_limits(name, settings()))
            operator = Context(connection, store.store_id, ACTOR, via=Via.COMMAND_LINE)
            credentials = await clients.create_client(operator, "First client")
        _tell(
            {
                "store_id": store.store_id,
                "client_id": credentials.client_id,
                "client_secret": credentials.client_secret,
            },
            as_json=as_json,
        )

    run(work)


def _require_name(owner: str, name: str) -> None:
    if not name.strip() or not name.isprintable() or len(name) > 255:
        raise UserError(f"A {owner} needs a name of 1 to 255 printable characters.")


@stores_app.command("list")
def list_stores(as_json: JsonOption = False) -> None:
    """List the stores and their limits."""
    from couponry.storage import stores
    from couponry.storage.database import Database

    async def work(database: Database) -> None:
        async with database.connection() as connection:
            found = await stores.stores(connection)
        if as_json:
            tell({"data": found})
            return
        show(["name", "store_id", *stores.LIMITS], [[s.name, s.store_id, *_limits_of(s)] for s in found])

    def _limits_of(store: stores.Store) -> list[int | str]:
        values = (getattr(store, name) for name in stores.LIMITS)
        return [NO_LIMIT if value is None else value for value in values]

    run(work)


@stores_app.command("set")
def set_store(
    name: Annotated[str, typer.Argument(help="The store's name or id.")],
    max_codes_per_job: Limit = None,
    max_codes_per_promotion: Limit = None,
    max_automatic_promotions: Limit = None,
    as_json: DoneJsonOption = False,
) -> None:
    """Set a store's limits."""
    from couponry.services import access
    from couponry.storage.database import Database

    given = {
        "max_codes_per_job": max_codes_per_job,
        "max_codes_per_promotion": max_codes_per_promotion,
        "max_automatic_promotions": max_automatic_promotions,
    }
    limits = {limit: _read_limit(limit, text) for limit, text in given.items() if text is not None}
    if not limits:
        raise UserError("Nothing to set; `couponry store set --help` names the limits.")

    async def work(database: Database) -> None:
        store = await store_named(database, name)
        async with context(database, store) as operator:
            await access.set_limits(operator, limits)
        if as_json:
            tell({"data": {"store_id": store.store_id, "name": store.name, **limits}})
            return
        for limit, value in limits.items():
            typer.echo(f"{store.name}: {limit} = {NO_LIMIT if value is None else value}")

    run(work)


def _read_limit(limit: str, text: str) -> int | None:
    """Return the limit that *text* says; None lifts it."""
    lowest, liftable = (0, False) if limit == "max_automatic_promotions" else (1, True)
    if text.lower() == NO_LIMIT and liftable:
        return None
    if not text.isdecimal() or not lowest <= int(text) < 2**31:
        alternative = f", or {NO_LIMIT}" if liftable else ""
        raise UserError(f"{limit} takes a whole number of at least {lowest}{alternative}, not {text}.")
    return int(text)


@clients_app.command("create")
def create_client(
    store: StoreOption = "default",
    name: Annotated[str, typer.Option(help="What the client is for.")] = "api",
    as_json: JsonOption = False,
) -> None:
    """Create a client; its secret is shown once."""
    from couponry.services import clients
    from couponry.storage.database import Database

    _require_name("client", name)

    async def work(database: Database) -> None:
        owner = await store_named(database, store)
        async with context(database, owner) as operator:
            credentials = await clients.create_client(operator, name)
        _tell({"client_id": credentials.client_id, "client_secret": credentials.client_secret}, as_json=as_json)

    run(work)


@clients_app.command("list")
def list_clients(store: StoreOption = "default", as_json: JsonOption = False) -> None:
    """List the clients of a store, revoked ones too."""
    from couponry.storage import stores
    from couponry.storage.database import Database

    async def work(database: Database) -> None:
        owner = await store_named(database, store)
        async with database.connection() as connection:
            found = await stores.clients(connection, owner.store_id)
        if as_json:
            tell({"data": [_told(one) for one in found]})
            return
        rows = [
            [c.client_id, c.name, f"{c.created_at:%Y-%m-%d %H:%M}", "revoked" if c.revoked_at else ""] for c in found
        ]
        show(["client_id", "name", "created", ""], rows)

    run(work)


def _told(client: "Client") -> dict[str, Any]:
    """Return what may be shown of a client: not even the hash of its secret."""
    shown = ("store_id", "client_id", "name", "created_at", "created_by", "last_used_at", "revoked_at")
    return {member: getattr(client, member) for member in shown}


def _tell(told: "dict[str, Any]", *, as_json: bool) -> None:
    if as_json:
        tell({"data": told})
    else:
        typer.echo("\n".join(f"{name}: {value}" for name, value in told.items()))


@clients_app.command("secret")
def change_secret(
    client_id: Annotated[str, typer.Argument(help="The client's id.")],
    store: StoreOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Give a client another secret, shown once; whoever is signed in to the console with it is out."""
    from couponry.domain.errors import ClientNotFound
    from couponry.services import clients
    from couponry.storage.database import Database

    async def work(database: Database) -> None:
        owner = await store_named(database, store)
        try:
            async with context(database, owner) as operator:
                drawn = await clients.change_secret(operator, client_id)
        except ClientNotFound as error:
            raise UserError(f"The store {owner.name} has no active client {client_id}.") from error
        _tell({"client_id": drawn.client_id, "client_secret": drawn.client_secret}, as_json=as_json)

    run(work)


@clients_app.command("revoke")
def revoke_client(
    client_id: Annotated[str, typer.Argument(help="The client's id.")],
    store: StoreOption = "default",
    as_json: DoneJsonOption = False,
) -> None:
    """Revoke a client: it gets no more tokens, and those it has are refused within seconds."""
    from couponry.domain.errors import ClientNotFound
    from couponry.services import clients
    from couponry.storage.database import Database

    async def work(database: Database) -> None:
        owner = await store_named(database, store)
        try:
            async with context(database, owner) as operator:
                await clients.revoke_client(operator, client_id)
        except ClientNotFound as error:
            raise UserError(f"The store {owner.name} has no active client {client_id}.") from error
        if as_json:
            tell({"data": {"client_id": client_id, "store_id": owner.store_id}})
        else:
            typer.echo(f"{client_id} is revoked.")

    run(work)
