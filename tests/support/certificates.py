"""Certificates for servers on loopback."""

from pathlib import Path
from typing import Final

LOOPBACK: Final = Path(__file__).with_name("loopback.pem")
"""Self-signed, for localhost; a test key."""
