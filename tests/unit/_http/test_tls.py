"""Trusted certificates: from which file they come, and when they are loaded."""

import asyncio
import os
import ssl
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import get_ident
from typing import Any

import pytest

from grafana_oncall import OnCallClient, RetryPolicy
from grafana_oncall.errors import InvalidArgument, TransportError
from tests.support.certificates import LOOPBACK
from tests.support.scripted import Point, Scripted, keep, raw_response, serving

each_sender = pytest.mark.parametrize("transport", ["httpx", "httpx2", "aiohttp"])
BROKEN = "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n"


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


def made(url: str, transport: Any = "httpx", **settings: Any) -> OnCallClient:
    """A client without retries."""
    once = RetryPolicy(max_attempts=1)
    return OnCallClient(
        url=url, token="f00dfeedc0ffee12", transport=transport, retry=once, **settings
    )


def tls() -> ssl.SSLContext:
    """TLS of a server on loopback, whose certificate is unknown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(LOOPBACK)
    return context


async def call(url: str, transport: str, **settings: Any) -> int:
    """Make four calls at once, which all succeed."""
    async with made(url, transport, **settings) as client:
        calls = (client.alert_groups.list().count() for _ in range(4))
        return sum(await asyncio.gather(*calls))


@each_sender
async def test_only_known_certificates_are_trusted(transport: str) -> None:
    """The error lists every way to add one."""
    async with serving(Scripted(Point(2, raw_response()), keep), tls=tls()) as server:
        client = made(server.url, transport)
        async with client:
            with pytest.raises(TransportError) as refused:
                await client.alert_groups.list().count()
    assert "CERTIFICATE_VERIFY_FAILED" in str(refused.value)
    for way in ("verify=", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE is not read"):
        assert way in str(refused.value)


@each_sender
@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
async def test_the_environment_names_trusted_certificates(
    variable: str, transport: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In one file, or in the files of a folder that are named as OpenSSL requires."""
    (tmp_path / "ce275665.0").write_bytes(LOOPBACK.read_bytes())
    monkeypatch.setenv(
        variable, str({"SSL_CERT_FILE": LOOPBACK, "SSL_CERT_DIR": tmp_path}[variable])
    )
    async with serving(Scripted(Point(2, raw_response()), keep), tls=tls()) as server:
        assert await call(server.url, transport) == 4 * 7


async def fill(pipe: Path, content: bytes) -> None:
    """Write to a pipe as soon as it has a reader, without blocking."""
    while True:
        try:
            end = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # it has no reader yet
            await asyncio.sleep(0.001)
        else:
            os.write(end, content)
            os.close(end)
            return


@pytest.mark.skipif(os.name == "nt", reason="it has no pipes among its files")
@each_sender
async def test_certificates_are_loaded_while_the_event_loop_runs(
    transport: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """They come through a pipe that the loop itself fills; otherwise it would deadlock."""
    certificates = tmp_path / "ca.pem"
    certificates.write_bytes(LOOPBACK.read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates))
    async with serving(Scripted(Point(2, raw_response()), keep), tls=tls()) as server:
        async with made(server.url, transport) as client, asyncio.TaskGroup() as tasks:
            certificates.unlink()
            os.mkfifo(certificates)
            reads = [tasks.create_task(client.alert_groups.list().count()) for _ in range(4)]
            await fill(certificates, LOOPBACK.read_bytes())
        assert [await read for read in reads] == [7] * 4


@pytest.mark.skipif(os.name == "nt", reason="it has no pipes among its files")
async def test_clients_that_begin_at_the_same_time_load_the_certificates_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As the bots of many stacks do; a second reader of the pipe would find nothing in it."""
    certificates = tmp_path / "ca.pem"
    certificates.write_bytes(LOOPBACK.read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates))

    async def fill_once() -> None:
        await fill(certificates, LOOPBACK.read_bytes())
        while True:
            await fill(certificates, b"")
            await asyncio.sleep(0.001)

    async with serving(Scripted(Point(1, raw_response()), keep), tls=tls()) as server:
        clients = [made(server.url) for _ in range(4)]
        certificates.unlink()
        os.mkfifo(certificates)
        filling = asyncio.create_task(fill_once())
        counts = [client.alert_groups.list().count() for client in clients]
        assert await asyncio.gather(*counts) == [7] * 4
        filling.cancel()
        for client in clients:
            await client.aclose()


class Settings(ssl.SSLContext):
    """TLS settings that know which threads have changed them."""

    changed_by: set[int]

    def set_alpn_protocols(self, alpn_protocols: Iterable[str]) -> None:
        """Change them."""
        self.changed_by.add(get_ident())
        super().set_alpn_protocols(alpn_protocols)


@each_sender
async def test_no_other_thread_changes_the_settings(transport: str) -> None:
    """Clients share them, and OpenSSL reads them in a handshake without Python's lock."""
    settings = Settings(ssl.PROTOCOL_TLS_CLIENT)
    settings.changed_by = set()
    settings.load_verify_locations(LOOPBACK)
    async with serving(Scripted(Point(4, raw_response()), keep), tls=tls()) as server:
        assert await call(server.url, transport, verify=settings) == 4 * 7
    assert settings.changed_by == {get_ident()}


async def test_the_file_is_read_once_for_all_clients(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Of a thousand stacks in one process, for instance."""
    certificates = tmp_path / "ca.pem"
    certificates.write_bytes(LOOPBACK.read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates))
    async with serving(Scripted(Point(1, raw_response()), keep), tls=tls()) as server:
        assert await call(server.url, "httpx") == 4 * 7
        certificates.unlink()
        assert await call(server.url, "httpx") == 4 * 7


def missing(folder: Path) -> Path:
    """The path of a missing file."""
    return folder / "nothing.pem"


def empty(folder: Path) -> Path:
    """An empty file."""
    (folder / "empty.pem").touch()
    return folder / "empty.pem"


def text(folder: Path) -> Path:
    """A file with something else."""
    (folder / "README").write_text("Certificates go here.")
    return folder / "README"


@each_sender
@pytest.mark.parametrize(
    "kind", [missing, empty, text, lambda folder: folder], ids=lambda f: f.__name__
)
def test_a_file_without_certificates_is_refused(
    kind: Callable[[Path], Path],
    transport: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """The error names the variable, which may be years old, and the file."""
    monkeypatch.setenv("SSL_CERT_FILE", str(kind(tmp_path)))
    with pytest.raises(InvalidArgument, match=r"^verify: SSL_CERT_FILE='") as refused:
        made("https://oncall.test", transport)
    assert refused.value.argument == "verify"
    assert str(kind(tmp_path))[-20:] in str(refused.value)


@each_sender
@pytest.mark.parametrize("names", ["{0}/nothing", "{0}/ca.pem", "{0}/nothing:{0}/ca.pem"])
def test_folders_that_do_not_exist_are_refused(
    names: str, transport: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """OpenSSL accepts them, and then trusts no certificate."""
    text(tmp_path)
    monkeypatch.setenv("SSL_CERT_DIR", names.format(tmp_path).replace(":", os.pathsep))
    with pytest.raises(InvalidArgument, match=r"^verify: SSL_CERT_DIR='") as refused:
        made("https://oncall.test", transport)
    assert refused.value.argument == "verify"


@each_sender
@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
async def test_plain_http_needs_no_certificates(
    variable: str, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So a wrong variable does not matter."""
    monkeypatch.setenv(variable, "/nothing")
    async with serving(Scripted(Point(2, raw_response()), keep)) as server:
        assert await call(server.url, transport) == 4 * 7


@each_sender
async def test_the_users_own_tls_settings_replace_the_environments(
    transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment is not read."""
    monkeypatch.setenv("SSL_CERT_FILE", "/nothing")
    mine = ssl.create_default_context(cafile=LOOPBACK)
    async with serving(Scripted(Point(2, raw_response()), keep), tls=tls()) as server:
        assert await call(server.url, transport, verify=mine) == 4 * 7
        assert await call(server.url, transport, verify=False) == 4 * 7


@each_sender
async def test_a_broken_certificate_is_refused_by_the_first_call(
    transport: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Only loading it shows that."""
    certificates = tmp_path / "ca.pem"
    certificates.write_text(BROKEN)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates))
    async with made("https://oncall.test", transport) as client:
        for _ in range(2):
            with pytest.raises(InvalidArgument, match=r"^verify: SSL_CERT_FILE=") as refused:
                await client.alert_groups.list().count()
            assert refused.value.argument == "verify"


@each_sender
@pytest.mark.parametrize("says", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b""], ids=["400", "nothing"])
async def test_https_to_a_port_of_plain_http_is_explained(says: bytes, transport: str) -> None:
    """OpenSSL's own message, if any, is about versions."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(says)
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with made(f"https://127.0.0.1:{port}", transport) as client:
            with pytest.raises(TransportError, match=r"plain http .* url= begins with https"):
                await client.alert_groups.list().count()
