"""A token is verified once, and expires all the same."""

import time
from uuid import uuid4

import jwt
import pytest

from couponry.domain.errors import InvalidToken
from couponry.services import access

KEY = b"k" * 32


def signed(expires_at: float, key: bytes = KEY) -> str:
    claims = {"sub": "client", "store": str(uuid4()), "grant": "implicit", "exp": expires_at}
    return jwt.encode(claims, key, "HS256")


def test_a_token_that_was_good_expires(monkeypatch: pytest.MonkeyPatch):
    now = int(time.time())
    text = signed(now + 60)
    token = access.read_token(text, KEY)
    assert access.read_token(text, KEY) == token
    monkeypatch.setattr(time, "time", lambda: now + 60)
    with pytest.raises(InvalidToken):
        access.read_token(text, KEY)


def test_a_token_is_good_for_its_key_alone():
    text = signed(time.time() + 60)
    access.read_token(text, KEY)
    with pytest.raises(InvalidToken):
        access.read_token(text, b"x" * 32)
