"""The documentation leaves nothing out."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from couponry.cli import app
from couponry.domain import errors
from couponry.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"


def refusals(root: type[errors.Refusal] = errors.Refusal) -> Iterator[type[errors.Refusal]]:
    for refusal in root.__subclasses__():
        yield refusal
        yield from refusals(refusal)


def commands(group: typer.core.TyperGroup, words: tuple[str, ...] = ("couponry",)) -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, typer.core.TyperGroup):
            yield from commands(command, (*words, name))
        else:
            yield " ".join((*words, name))


@pytest.mark.parametrize("refusal", sorted(set(refusals()), key=lambda refusal: refusal.__name__))
def test_every_refusal_is_explained(refusal: type[errors.Refusal]):
    explained = (DOCS / "errors.md").read_text()

    assert not hasattr(refusal, "title") or f"`{refusal.title}`" in explained


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_explained(name: str):
    assert f"`COUPONRY_{name.upper()}`" in (DOCS / "operations.md").read_text()


@pytest.mark.parametrize("command", sorted(commands(typer.main.get_command(app))))
def test_every_command_is_explained(command: str):
    assert f"`{command}" in (DOCS / "operations.md").read_text()
