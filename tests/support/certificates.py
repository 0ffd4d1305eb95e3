"""Certificates for servers on loopback."""

import os
from pathlib import Path
from typing import Final

LOOPBACK: Final = Path(__file__).with_name("loopback.pem")
"""Self-signed, for localhost; a test key."""

NOBODY: Final = LOOPBACK.with_name("nobody.pem")
"""One that no server has."""

OUTSIDE: Final = {key: value for key, value in os.environ.items() if key == "SSL_CERT_FILE"}
"""What the environment says of the certificates to trust, for programs that leave this machine."""


def trust_nobody() -> None:
    """Spare every client of the tests the reading of the usual certificates, which takes 25 ms."""
    os.environ["SSL_CERT_FILE"] = str(NOBODY)
