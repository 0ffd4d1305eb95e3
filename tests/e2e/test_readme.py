"""The README tells the truth: its programs run, its tables are the code's."""

import asyncio
import contextlib
import os
import re
import sys
import textwrap
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from grafana_oncall import OnCallClient, bot, errors, labels, operations
from grafana_oncall.testing import FakeOnCall, seed_storm, serve

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
PROGRAMS: list[str] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
ROWS = [
    [cell.strip() for cell in line.split("|")[1:-1]]
    for line in README.splitlines()
    if line.startswith("| `")
]


def _snippet(source: str) -> Callable[..., Awaitable[None]]:
    """A snippet of the README as the body of a coroutine function that takes its names."""
    scope: dict[str, Any] = {}
    body = textwrap.indent(source, "    ")
    code = f"async def snippet(**names):\n    globals().update(names)\n{body}"
    exec(compile(code, "README.md", "exec"), scope)  # noqa: S102  # our own README
    return cast("Callable[..., Awaitable[None]]", scope["snippet"])


async def test_the_first_program_runs_as_it_stands() -> None:
    """As a process of its own, over a socket, it prints the firing groups of the team."""
    fake = FakeOnCall()
    seed_storm(fake, 30)
    async with serve(fake) as url:
        settings = {"GRAFANA_ONCALL_URL": url, "GRAFANA_ONCALL_ACCESS_TOKEN": fake.token}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", PROGRAMS[0]),
            env=os.environ | settings,
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()
    assert process.returncode == 0
    firing = [
        group.id
        for group in fake.groups.values()
        if group.state == "firing" and ("team", "SRE") in group.labels
    ]
    assert sorted(line.split()[0] for line in output.decode().splitlines()) == sorted(firing)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(program, id=program.splitlines()[0][:40])
        for program in PROGRAMS
        if "asyncio.run(" not in program
    ],
)
async def test_every_snippet_runs_as_it_stands(source: str, tmp_path: Path) -> None:
    """Against the fake, with the names that the text round it introduces."""
    journal = tmp_path / "bulk.jsonl"
    fake = FakeOnCall()
    seed_storm(fake, 120)
    made = fake.add_integration()
    id_of_the_readme = "I68T24C13IFW1"
    fake.add_group(id=id_of_the_readme, labels={"team": "SRE"})
    now = datetime.now(UTC)
    async with OnCallClient(
        url="https://oncall.test", token=fake.token, transport=fake.transport()
    ) as client:
        if "resume(" in source:
            await client.alert_groups.bulk.resolve([id_of_the_readme], journal=journal)
        await _snippet(source)(
            OnCallClient=OnCallClient,
            bot=bot.Bot(client.alert_groups.watch()),
            client=client,
            contextlib=contextlib,
            httpx=httpx,
            journal=journal,
            group=await client.alert_groups.get(id_of_the_readme),
            labels=labels,
            made=made,
            operations=operations,
            secret="open sesame",
            timedelta=timedelta,
            start=now - timedelta(days=1),
            end=now,
        )


def test_the_table_of_operations_is_the_specification() -> None:
    """Each operation has its row: facade, method and path, permission, whether a user is needed."""
    rows = [row for row in ROWS if row[1].startswith(("`GET", "`POST", "`PUT", "`DELETE"))]
    told = {row[1].strip("`"): row[2] for row in rows}
    expected = {
        f"{operation.method} {operation.path}": f"`{operation.permission}`"
        + (", user" if operation.needs_user else "")
        for operation in operations.OPERATIONS
    }
    assert told == expected
    for row in rows:
        resource, method = row[0].strip("`").split("(")[0].split(".")
        client = OnCallClient(url="https://oncall.test", token="any")
        assert callable(getattr(getattr(client, resource), method))


def test_the_table_of_errors_has_them_all() -> None:
    """Every public error but the base has a row, and no row is made up."""
    told = {row[0].strip("`") for row in ROWS if len(row) == 2}
    public = {
        name
        for name in errors.__all__
        if issubclass(getattr(errors, name), errors.OnCallError) and name != "OnCallError"
    }
    assert told == public
