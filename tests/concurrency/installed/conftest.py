"""An installation for each module to do violence to, and a shop of its own for each test."""

from collections.abc import Generator

import pytest

from installation import Installation, installed
from support import Shop, running_api


@pytest.fixture(scope="module")
def installation() -> Generator[Installation]:
    with installed() as installation:
        yield installation


@pytest.fixture(scope="module")
def own_api(installation: Installation) -> Generator[str]:
    """The URL of an API process of the installation; no worker is beside it."""
    with running_api(installation.url, installation.data_dir) as url:
        yield url


@pytest.fixture
def shop(installation: Installation, own_api: str) -> Generator[Shop]:
    shop = installation.shop(own_api)
    yield shop
    shop.close()
