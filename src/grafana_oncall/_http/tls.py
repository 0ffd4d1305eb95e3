"""TLS settings, and the certificates that are trusted, which take long to load.

How it works, and why it is safe. Parsing the certificates of all authorities takes 40 to 300 ms,
during which a program could do nothing else. So a client begins with TLS settings that trust
nobody, and the certificates are loaded into them before the first request is sent, in a thread
(OpenSSL is called without the interpreter's lock). They are loaded once in a process, and not at
all for plain http.
"""

import asyncio
import os
import ssl
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Final

import certifi

from grafana_oncall._core.text import printable, shown
from grafana_oncall.errors import InvalidArgument

_FILE: Final = "SSL_CERT_FILE"
_FOLDER: Final = "SSL_CERT_DIR"
"""The variables that OpenSSL reads, and httpx."""

_BEGIN: Final = b"-----BEGIN "
"""In every PEM file."""


class TrustStore:
    """TLS settings that trust the certificates in a file as soon as these are loaded."""

    def __init__(self, path: str) -> None:
        # Certificates in a folder are looked up by handshakes. In this one, none is found.
        self.context: Final = ssl.create_default_context(capath=os.devnull)
        self._path = path
        self._is_loaded = False
        self._loading = Lock()

    async def load(self) -> None:
        """Load the certificates, in a thread; raise InvalidArgument if they cannot be read."""
        if self._is_loaded:
            return
        try:
            await asyncio.to_thread(self._load)
        except OSError as error:  # an SSLError is one
            raise _bad_file(self._path, error) from error

    def _load(self) -> None:
        with self._loading:  # no lock of asyncio, since event loops in several threads share it
            if not self._is_loaded:
                self.context.load_verify_locations(self._path)
                self._is_loaded = True


def tls_for(url: str, verify: object) -> tuple[ssl.SSLContext, TrustStore | None]:
    """Return the TLS settings for a URL, and what has to be loaded into them.

    Raises:
        InvalidArgument: `verify` makes no sense, or the environment names no certificates.
    """
    if isinstance(verify, ssl.SSLContext):
        return verify, None
    if verify is False:
        return _trusting_everybody(), None
    if verify is not True:
        message = (
            f"verify={shown(verify)}: True, False or an ssl.SSLContext is needed, such as "
            "ssl.create_default_context(cafile=…)."
        )
        raise InvalidArgument(message, argument="verify")
    if url.startswith("http:"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), None
    if file := os.environ.get(_FILE):
        store = _checked_store(file)
        return store.context, store
    if folders := os.environ.get(_FOLDER):
        _check_folders(folders)
        return ssl.create_default_context(capath=folders), None
    store = _store(certifi.where())
    return store.context, store


_store = cache(TrustStore)


@cache
def _checked_store(path: str) -> TrustStore:
    """Read the file once: a process may have a thousand clients."""
    _check_file(path)
    return _store(path)


def _trusting_everybody() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _check_file(path: str) -> None:
    """Check what can be checked at once; whether each certificate is valid, loading finds out."""
    try:
        content = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise _bad_file(path, error) from error
    if _BEGIN not in content:
        raise _bad_file(path, ValueError("it contains no certificate in PEM format"))


def _bad_file(path: str, error: Exception) -> InvalidArgument:
    reason = getattr(error, "strerror", None) or str(error)
    return _bad_setting(
        f"{_FILE}={printable(repr(path))}: the file of trusted certificates", reason
    )


def _check_folders(folders: str) -> None:
    if not any(map(os.path.isdir, folders.split(os.pathsep))):
        raise _bad_setting(f"{_FOLDER}={printable(repr(folders))}", "no such folder")


def _bad_setting(what: str, reason: str) -> InvalidArgument:
    message = (
        f"verify: {what} cannot be used ({reason}). Correct or unset this variable of the "
        "environment, or pass verify=, an ssl.SSLContext."
    )
    return InvalidArgument(message, argument="verify")
