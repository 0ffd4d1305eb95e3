"""How many requests a second the fake server serves, with 10,000 groups.

    python tests/benchmarks/fake_server.py

`python -m grafana_oncall.testing` is a process of its own, on one core; the requests come from this
process, over loopback sockets that stay open. Each figure is measured over a second. On Linux there
is a second one for each: requests per second of processor time of the server, which other programs
do not disturb. `python tests/benchmarks/fake_server.py --in-process` measures `FakeOnCall.handle`
alone, by processor time.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

from grafana_oncall.testing import FakeOnCall, FakeRequest, seed_storm

GROUPS = 10_000
CONNECTIONS = 4
SECONDS = 1.0
ROOT = "/api/v1/alert_groups/"
LINK = "/integrations/v1/alertmanager/"


def measure() -> dict[str, float]:
    """Requests per second, by kind of request."""
    with fake_server(f"--groups={GROUPS}") as server:
        return asyncio.run(_measure(server))


def measure_in_process() -> dict[str, float]:
    """Requests per second of processor time, without server and sockets."""
    fake = FakeOnCall(keep_calls=False)
    seed_storm(fake, GROUPS)
    firing = [group.id for group in fake.groups.values() if group.state == "firing"]
    secret = next(iter(fake.integrations.values())).secret
    requests = _requests(firing, f"{LINK}{secret}/")
    return {name: _handled(fake, each) for name, each in requests.items()}


def _handled(fake: FakeOnCall, requests: list[_Request]) -> float:
    headers = {"Authorization": fake.token, "Content-Type": "application/json"}
    start, count = time.process_time(), 0
    for request in cycle(requests):
        path, _, query = request.target.partition("?")
        fake.handle(FakeRequest(request.method, path, query, headers, request.body))
        count += 1
        if time.process_time() - start >= SECONDS:
            break
    return count / (time.process_time() - start)


class _Request(NamedTuple):
    method: str
    target: str
    body: bytes = b""


def _requests(ids: list[str], link: str) -> dict[str, list[_Request]]:
    """The requests, by their kind."""
    acts = ("acknowledge", "unacknowledge")
    pages = range(1, 101)
    return {
        "get one group": [_Request("GET", f"{ROOT}{group_id}/") for group_id in ids],
        "list a page of 50": [_Request("GET", f"{ROOT}?page={page}&state=new") for page in pages],
        "acknowledge, unacknowledge": [
            _Request("POST", f"{ROOT}{group_id}/{act}/") for group_id in ids for act in acts
        ],
        "post an alert that makes a group": [
            _Request("POST", link, _alert(f"{group_id} {number}"))
            for group_id in ids
            for number in range(100)
        ],
        "post an alert that joins a group": [_Request("POST", link, _alert("one"))],
    }


def _alert(key: str) -> bytes:
    """What Alertmanager posts, for a group of its own that has this key."""
    labels = {"alertname": "DiskFull", "instance": "db1", "severity": "critical"}
    alerts = [{"status": "firing", "labels": labels, "annotations": {"summary": "Almost full"}}]
    group = {"groupKey": key, "groupLabels": {"alertname": "DiskFull"}, "commonLabels": labels}
    return json.dumps({"version": "4", "status": "firing", "alerts": alerts, **group}).encode()


class Server(NamedTuple):
    """A fake server on a loopback socket."""

    pid: int
    port: int
    token: str

    def processor_seconds(self) -> float | None:
        """The processor time that the server used; `None` where the system does not report it."""
        file = Path(f"/proc/{self.pid}/stat")
        if not file.exists():
            return None
        user, system = file.read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def fake_server(*options: str) -> Generator[Server]:
    """Run one during the block, in a process of its own."""
    command = [sys.executable, "-m", "grafana_oncall.testing", "--port=0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        try:
            url, token = (program.stdout.readline().split()[-1] for _ in range(2))
            yield Server(program.pid, int(url.rpartition(":")[2]), token)
        finally:
            program.terminate()


async def _measure(server: Server) -> dict[str, float]:
    clients = [await _Client.open(server) for _ in range(CONNECTIONS)]
    page = json.loads(await clients[0].ask("GET", f"{ROOT}?state=new&perpage=500"))
    ids = [group["id"] for group in page["results"]]
    shares = [ids[number::CONNECTIONS] for number in range(CONNECTIONS)]
    sources = json.loads(await clients[0].ask("GET", "/api/v1/integrations/"))["results"]
    link = LINK + sources[0]["link"].partition(LINK)[2]
    requests = [_requests(share, link) for share in shares]
    figures: dict[str, float] = {}
    for name in requests[0]:
        figures |= await _rates(name, server, clients, [each[name] for each in requests])
    return figures


async def _rates(
    name: str, server: Server, clients: list[_Client], requests: list[list[_Request]]
) -> dict[str, float]:
    worked, start = server.processor_seconds(), time.perf_counter()
    count = sum(await asyncio.gather(*map(_drive, clients, requests)))
    rates = {name: count / (time.perf_counter() - start)}
    after = server.processor_seconds()
    if worked is not None and after is not None:
        rates[f"{name}, per processor second"] = count / (after - worked)
    return rates


async def _drive(client: _Client, requests: list[_Request]) -> int:
    end, count = time.perf_counter() + SECONDS, 0
    for request in cycle(requests):
        await client.ask(*request)
        count += 1
        if time.perf_counter() >= end:
            break
    return count


class _Client:
    """One connection, with as little HTTP as possible: the server is what is measured."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str
    ) -> None:
        self._reader, self._writer, self._token = reader, writer, token

    @classmethod
    async def open(cls, server: Server) -> _Client:
        streams = await asyncio.open_connection("127.0.0.1", server.port, limit=2**20)
        return cls(*streams, server.token)

    async def ask(self, method: str, target: str, content: bytes = b"") -> bytes:
        head = (
            f"{method} {target} HTTP/1.1\r\nHost: x\r\nAuthorization: {self._token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        self._writer.write(head.encode() + content)
        answer = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = answer.partition(b"content-length:")[2].partition(b"\r\n")[0]
        body = await self._reader.readexactly(int(length))
        if not answer.startswith(b"http/1.1 200 "):
            raise RuntimeError(f"{method} {target}: {answer!r} {body[:200]!r}")
        return body


def main() -> None:
    """Print the figures."""
    figures = measure_in_process() if "--in-process" in sys.argv else measure()
    for name, rate in figures.items():
        sys.stdout.write(f"{name:<60}{rate:>8,.0f} requests/s\n")


if __name__ == "__main__":
    main()
