"""The command line: `couponry serve`, and one module for each group of commands."""

from typing import Annotated

import typer

from couponry.cli import (
    access,
    audit,
    codes,
    demo,
    errors,
    evaluate,
    jobs,
    login,
    products,
    promotions,
    serve,
    usages,
    verify,
)
from couponry.cli.options import examples

STATUSES = """Exit status: 0 done, 1 refused, failed or not found, 2 the command was not understood,
3 the server cannot be reached, 4 not signed in, 130 interrupted."""

app = typer.Typer(
    name="couponry",
    help=f"Self-hosted promotion codes.\n\n{STATUSES}",
    epilog=examples("serve", "demo", "promotions create -f promo.yaml", "codes lookup SUMMER10"),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _version(asked: bool) -> None:  # as typer calls it
    if asked:
        from importlib.metadata import version

        typer.echo(f"couponry {version('couponry')}")
        raise typer.Exit


@app.callback()
def _couponry(
    _: Annotated[bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)] = False,
) -> None:
    pass


app.command(epilog=examples("serve --port 9000"))(serve.serve)
app.command()(serve.worker)
app.command()(serve.migrate)
app.command(epilog=examples("demo", "demo --clean"))(demo.demo)
app.command(epilog=examples("login --url https://promo.example.com"))(login.login)
app.command()(login.logout)
app.command(epilog=examples("verify", "verify --json"))(verify.verify)
app.command(epilog=examples("audit --since 2026-06-01", "audit --of $PROMOTION", "audit --action codes.deleted"))(
    audit.audit
)
app.command(
    epilog=examples(
        "evaluate -f cart.json --code SUMMER10 --explain", "evaluate -f cart.yaml --at 2026-12-24T00:00:00Z"
    )
)(evaluate.evaluate)
app.add_typer(promotions.app, name="promotions")
app.add_typer(codes.app, name="codes")
app.add_typer(jobs.app, name="jobs")
app.add_typer(usages.app, name="usages")
app.add_typer(products.app, name="products")
app.add_typer(access.stores_app, name="store")
app.add_typer(access.clients_app, name="client")


def main() -> None:
    """Run a command; what an operator can put right is one sentence on stderr and a status for scripts."""
    with errors.told():
        app()
