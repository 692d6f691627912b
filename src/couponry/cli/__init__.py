"""The command line: `couponry serve`, and one module for each group of commands."""

import typer

from couponry.cli import access, codes, errors, products, promotions, serve, verify

app = typer.Typer(
    name="couponry",
    help="Self-hosted promotion codes.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(serve.serve)
app.command()(serve.worker)
app.command()(serve.migrate)
app.command()(verify.verify)
app.add_typer(access.stores_app, name="store")
app.add_typer(access.clients_app, name="client")
app.add_typer(promotions.app, name="promotions")
app.add_typer(codes.app, name="codes")
app.add_typer(products.app, name="products")


def main() -> None:
    """Run a command; what an operator can put right is one sentence on stderr and exit status 1."""
    with errors.told():
        app()
