"""Settings: the only reader of the environment."""

import os
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

import platformdirs
from pydantic import Field, SecretStr, StringConstraints, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an operator may set, each as `COUPONRY_` and the name in capitals."""

    model_config = SettingsConfigDict(env_prefix="COUPONRY_", env_ignore_empty=True, extra="ignore", frozen=True)

    host: str = "127.0.0.1"
    """The address the API listens on."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """The port the API listens on; 0 takes any free one."""
    public_url: Annotated[str, StringConstraints(pattern=r"^https?://\S+$")] | None = None
    """How clients reach this server (`https://promo.example.com`); by default what their request says."""
    data_dir: Path = Path(platformdirs.user_data_dir("couponry"))
    """Where the embedded PostgreSQL, local export files and the first client's credentials are kept."""
    database_url: str | None = None
    """A PostgreSQL >= 15 of your own; without it Couponry runs one itself, in `data_dir`."""
    api_processes: Annotated[int, Field(ge=1, le=64)] = min(4, os.cpu_count() or 1)
    """How many processes answer HTTP."""
    database_connections: Annotated[int, Field(ge=1, le=100)] = 8
    """The most connections one process opens."""
    exports_url: Annotated[str, StringConstraints(pattern=r"^(s3|gs|az|file)://\S+$")] | None = None
    """Where export files go: `s3://...`, `gs://...`, `az://...` or `file:///...`; by default `data_dir`/exports."""
    file_link_seconds: Annotated[int, Field(ge=60)] = 3600
    """How long the link to an export file is good for."""
    max_codes_per_job: Annotated[int, Field(ge=1)] = 1000
    """The first value of a new store's limit on the codes of one job (`couponry store set`)."""
    max_automatic_promotions: Annotated[int, Field(ge=0)] = 50
    """The first value of a new store's limit on active and future automatic promotions."""
    max_body_bytes: Annotated[int, Field(ge=1024)] = 8 * 1024 * 1024
    """The largest request body taken."""
    max_import_bytes: Annotated[int, Field(ge=1024)] = 10 * 1024**3
    """The largest file of codes taken."""
    audit_days: Annotated[int, Field(ge=1, le=36_500)] = 730
    """How many days the audit log goes back."""
    worker_concurrency: Annotated[int, Field(ge=1, le=64)] = 4
    """How many jobs one worker runs at the same time."""
    url: Annotated[str, StringConstraints(pattern=r"^https?://\S+$")] | None = None
    """The server that the command line asks (`https://promo.example.com`); without it, the database above."""
    client_id: str | None = None
    """The id of the first client, drawn when unset; with `url`, the id of the client that asks."""
    client_secret: Annotated[SecretStr, Field(min_length=8)] | None = None
    """The secret of that client. Neither is set without the other."""
    secret_key: Annotated[SecretStr, Field(min_length=16)] | None = None
    """Signs tokens and links; by default a key drawn once and kept in the database."""
    log_format: Literal["auto", "console", "json"] = "auto"
    """`json`, `console`, or `auto`: console on a terminal, JSON elsewhere."""

    @model_validator(mode="after")
    def _id_and_secret_go_together(self) -> Self:
        if (self.client_id is None) != (self.client_secret is None):
            raise ValueError("COUPONRY_CLIENT_ID and COUPONRY_CLIENT_SECRET are set together or not at all")
        return self


@cache
def settings() -> Settings:
    """Return the settings of this process, read once."""
    return Settings()
