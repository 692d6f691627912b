"""What an operator may set."""

import pytest
from pydantic import ValidationError

from couponry.settings import Settings


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch):
    for name in Settings.model_fields:
        monkeypatch.delenv(f"COUPONRY_{name.upper()}", raising=False)


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch):
    for name in Settings.model_fields:
        monkeypatch.setenv(f"COUPONRY_{name.upper()}", "")
    assert Settings() == Settings.model_construct()


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "shop"},
        {"client_secret": "long enough"},
        {"client_id": "shop", "client_secret": "short"},
        {"secret_key": "short"},
        {"exports_url": "ftp://x"},
        {"public_url": "shop.example"},
        {"log_format": "xml"},
        {"port": 99_999},
    ],
    ids=str,
)
def test_nonsense_is_refused(wrong: dict[str, str]):
    with pytest.raises(ValidationError):
        Settings.model_validate(wrong)
