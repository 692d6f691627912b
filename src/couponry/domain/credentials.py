"""What a client proves itself with."""

import msgspec


class Credentials(msgspec.Struct, frozen=True):
    """A client's id and secret, shown once: only the secret's hash is kept."""

    client_id: str
    client_secret: str
