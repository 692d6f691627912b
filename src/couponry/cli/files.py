"""Files that commands read and write: documents in YAML or JSON, and output that never replaces another by mistake."""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from couponry.cli.errors import UserError

STDIN = Path("-")
FileOption = Annotated[
    Path, typer.Option("--file", "-f", help="A .yaml or .json file; `-` is standard input.", show_default=False)
]
OutOption = Annotated[Path | None, typer.Option(help="Write the new codes into this CSV file.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")]


def read_document(path: Path) -> Any:  # noqa: ANN401
    """Return what a file says, YAML or JSON, which is YAML too: all that YAML 1.2 calls JSON's types.

    A member that is said twice is refused: one of the two would be lost.
    """
    import yaml

    text = sys.stdin.buffer.read() if path == STDIN else path.read_bytes()
    try:
        return yaml.load(text, Loader=_loader())  # noqa: S506 # it makes plain values only
    except yaml.YAMLError as error:
        raise UserError(f"{path} is neither YAML nor JSON: {_on_one_line(error)}.") from error
    except RecursionError as error:
        raise UserError(f"{path} nests too deep.") from error


def read_data(path: Path) -> dict[str, Any]:
    """Return the resource that a file says, with or without the envelope `data`."""
    document = read_document(path)
    if isinstance(document, dict) and set(document) == {"data"}:  # pyright: ignore[reportUnknownArgumentType]
        document = document["data"]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(document, dict):
        raise UserError(f"{path} must hold one document with members, as the API takes it.")
    return document  # pyright: ignore[reportUnknownVariableType]


def _on_one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _loader() -> Any:  # noqa: ANN401
    """Return a loader for which a date is a text, `no` is a word, and 12:30 is no number, as in YAML 1.2."""
    import re

    import yaml

    class Loader(yaml.SafeLoader):
        """Reads the types of JSON."""

        yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 # yaml's own class attribute

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: ANN401
            names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
            for name in names:
                if names.count(name) > 1:
                    raise yaml.constructor.ConstructorError(None, None, f"{name} is said twice", node.start_mark)
            return super().construct_mapping(node, deep)

    tags = {
        "null": (r"null|Null|NULL|~|", ["n", "N", "~", ""]),
        "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
        "int": (r"-?(?:0|[1-9][0-9]*)", list("-0123456789")),
        "float": (r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", list("-0123456789")),
    }
    for name, (pattern, first) in tags.items():
        Loader.add_implicit_resolver(  # pyright: ignore[reportUnknownMemberType]
            f"tag:yaml.org,2002:{name}", re.compile(rf"^(?:{pattern})$"), first
        )
    return Loader


@contextmanager
def written(out: Path, *, force: bool) -> Generator[BinaryIO]:
    """Lend a file that becomes *out* when the block ends well, and leaves no trace when it does not.

    Opened before the work, so that what cannot be written is told before it, not after.
    """
    if out == STDIN:
        yield sys.stdout.buffer
        return
    if out.exists() and not out.is_file():  # a pipe, a terminal
        with out.open("wb") as file:
            yield file
        return
    _require_free(out, force=force)
    part = out.with_name(f"{out.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        _require_free(out, force=force)
        part.replace(out)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _require_free(out: Path, *, force: bool) -> None:
    if os.path.lexists(out) and not force:
        raise UserError(f"{out} exists already; choose another name, or replace it with --force.")
