"""The documentation leaves nothing out."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
import typer
from typer.core import TyperCommand

from couponry.cli import app
from couponry.cli.errors import NotSignedIn, Unreachable, UserError
from couponry.domain import errors
from couponry.domain.lint import Code
from couponry.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"
DOCUMENTED = (DOCS / "commands.md").read_text()


def refusals(root: type[errors.Refusal] = errors.Refusal) -> Iterator[type[errors.Refusal]]:
    for refusal in root.__subclasses__():
        yield refusal
        yield from refusals(refusal)


def commands(
    group: typer.core.TyperGroup, words: tuple[str, ...] = ("couponry",)
) -> Iterator[tuple[str, TyperCommand]]:
    for name, command in group.commands.items():
        if isinstance(command, typer.core.TyperGroup):
            yield from commands(command, (*words, name))
        else:
            yield " ".join((*words, name)), command


COMMANDS = dict(commands(typer.main.get_command(app)))
ANYWHERE = {"--store", "--url", "--json", "--help", "-h"}
"""Options that are explained for all commands at once."""


@pytest.mark.parametrize("refusal", sorted(set(refusals()), key=lambda refusal: refusal.__name__))
def test_every_refusal_is_explained(refusal: type[errors.Refusal]):
    explained = (DOCS / "errors.md").read_text()

    assert not hasattr(refusal, "title") or f"`{refusal.title}`" in explained


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_explained(name: str):
    assert f"`COUPONRY_{name.upper()}`" in (DOCS / "operations.md").read_text()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_explained_with_its_options(command: str):
    [row] = [line for line in DOCUMENTED.splitlines() if re.match(rf"\| `{command}[` ]", line)]
    options = {option for one in COMMANDS[command].params for option in one.opts if option.startswith("--")}
    assert {option for option in options - ANYWHERE if f"`{option}" not in row and f" {option}" not in row} == set()


def test_no_command_is_explained_that_does_not_exist():
    rows = re.findall(r"^\| `(couponry [a-z ]+?)(?: [-A-Z][^`]*)?`", DOCUMENTED, re.MULTILINE)
    assert sorted(rows) == sorted(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_options_that_many_commands_have_are_where_the_page_says(command: str):
    [row] = [line for line in DOCUMENTED.splitlines() if re.match(rf"\| `{command}[` ]", line)]
    options = {option for one in COMMANDS[command].params for option in one.opts}
    endless = command in ("couponry serve", "couponry worker")
    assert ("--json" in options) == (not endless)
    assert ("--url" in options) == ("| here:" not in row and not endless)


def test_every_exit_status_is_explained():
    statuses = {0, 1, 2, 130, *(kind.status for kind in (UserError, Unreachable, NotSignedIn))}
    assert {int(status) for status in re.findall(r"^\| (\d+) \|", DOCUMENTED, re.MULTILINE)} == statuses


@pytest.mark.parametrize("code", get_args(Code))
def test_every_finding_is_explained(code: str):
    assert f"| `{code}` |" in DOCUMENTED


PAGES = sorted([*DOCS.rglob("*.md"), *(DOCS.parent / name for name in ("README.md", "CONTRIBUTING.md"))])
CODE = re.compile(r"^```\w*\n.*?^```$|`[^`\n]+`|^ {4}[^\n]*$", re.MULTILINE | re.DOTALL)
GROUPS = {command.split()[1] for command in COMMANDS if command.count(" ") == 2}
NOT_OURS = ("COUPONRY_TEST_",)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_and_setting_that_is_named_exists(page: Path):
    text = page.read_text()

    named = {name.rstrip("_") for name in re.findall(r"\bCOUPONRY_[A-Z_]+", text) if not name.startswith(NOT_OURS)}
    assert named <= {f"COUPONRY_{name.upper()}" for name in Settings.model_fields}
    for code in CODE.findall(text):
        for first, second in re.findall(r"(?<![\w./-])(?:\.venv/bin/)?couponry ([a-z]+)\b(?: ([a-z]+)\b)?", code):
            command = f"couponry {first} {second}" if first in GROUPS and second else f"couponry {first}"
            assert command in COMMANDS or (first in GROUPS and not second), f"{page.name}: {command}"


def test_commands_and_settings_are_found_where_pages_name_them():
    named = {
        found
        for page in PAGES
        for code in CODE.findall(page.read_text())
        for found in re.findall(r"couponry [a-z]+", code)
    }
    assert {"couponry serve", "couponry audit", "couponry client"} <= named
