"""Settings: the only reader of the environment."""

import os
from functools import cache
from pathlib import Path
from typing import Annotated

import platformdirs
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an operator may set, each as `COUPONRY_` and the name in capitals."""

    model_config = SettingsConfigDict(env_prefix="COUPONRY_", extra="ignore", frozen=True)

    host: str = "127.0.0.1"
    """The address the API listens on."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """The port the API listens on; 0 takes any free one."""
    public_url: str | None = None
    """How clients reach this server (`https://promo.example.com`); by default what their request says."""
    data_dir: Path = Path(platformdirs.user_data_dir("couponry"))
    """Where the embedded PostgreSQL, local export files and the first client's credentials are kept."""
    database_url: str | None = None
    """A PostgreSQL >= 15 of your own; without it Couponry runs one itself, in `data_dir`."""
    api_processes: Annotated[int, Field(ge=1, le=64)] = min(4, os.cpu_count() or 1)
    """How many processes answer HTTP."""
    database_connections: Annotated[int, Field(ge=1, le=100)] = 8
    """The most connections one process opens."""
    exports_url: str | None = None
    """Where export files go: `s3://...`, `gs://...`, `az://...` or `file:///...`; by default `data_dir`/exports."""
    file_link_seconds: Annotated[int, Field(ge=60)] = 3600
    """How long the link to an export file is good for."""
    max_codes_per_job: Annotated[int, Field(ge=1)] = 1000
    """The first value of a new store's limit on the codes of one job (`couponry store set`)."""
    max_automatic_promotions: Annotated[int, Field(ge=0)] = 50
    """The first value of a new store's limit on active and future automatic promotions."""
    max_body_bytes: Annotated[int, Field(ge=1024)] = 8 * 1024 * 1024
    """The largest request body taken."""
    worker_concurrency: Annotated[int, Field(ge=1, le=64)] = 4
    """How many jobs one worker runs at the same time."""
    client_id: str | None = None
    """The id of the first client; drawn when unset."""
    client_secret: SecretStr | None = None
    """The secret of the first client; drawn when unset."""
    secret_key: SecretStr | None = None
    """Signs tokens and links; by default a key drawn once and kept in the database."""
    log_format: str = "auto"
    """`json`, `console`, or `auto`: console on a terminal, JSON elsewhere."""


@cache
def settings() -> Settings:
    """Return the settings of this process, read once."""
    return Settings()
