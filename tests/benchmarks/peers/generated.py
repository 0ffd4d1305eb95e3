"""The client that openapi-python-client generates from `openapi.yaml`, and the requests by it.

Of the specification, one line is left out. The envelope of lists says that `results` is an array,
and each page says of what (`allOf`). The generator (0.29.1) merges the two in the envelope itself,
which all pages share (`prop1.inner_property = …` in its `merge_properties.py`): so each list would
be decoded as what the first page of the file has. Without the line, there is nothing to merge.

The generator cannot express the recursive schema of error bodies (`ErrorMessages`), says so, and
leaves those bodies unparsed. All operations are there.
"""

import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import attrs
import httpx

from .jobs import KEY, VALUE
from .naive import Afternoon, Api, Failed

PACKAGE: Final = "generated_oncall"
_SPECIFICATION: Final = Path(__file__).parents[3] / "openapi.yaml"
_ENVELOPE: Final = "        results: { type: array, items: {} }\n"
_CONFIGURATION: Final = "post_hooks: []\n"
"""Generated code is not formatted, which takes the time of several tools and changes nothing."""


def prepared(specification: str) -> str:
    """Leave out what the generator cannot merge; see the module."""
    if specification.count(_ENVELOPE) != 1:
        raise ValueError("The envelope of lists has changed: does the generator merge it by now?")
    return specification.replace(_ENVELOPE, "")


def generate(folder: Path) -> Path:
    """Generate the client, as a package in this folder."""
    configuration, specification = folder / "generator.yaml", folder / "openapi.yaml"
    configuration.write_text(_CONFIGURATION, encoding="utf-8")
    text = _SPECIFICATION.read_text(encoding="utf-8")
    specification.write_text(prepared(text), encoding="utf-8")
    package = folder / PACKAGE
    command = ["-m", "openapi_python_client", "generate", "--meta=none"]
    files = [f"--path={specification}", f"--output-path={package}", f"--config={configuration}"]
    done = subprocess.run(
        [sys.executable, *command, *files], check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return package


@attrs.frozen
class Generated(Api):
    """The API by the generated functions; groups are generated objects."""

    client: Any
    list_groups: Any = attrs.field(factory=lambda: _function("alert_groups.list_alert_groups"))
    resolve_group: Any = attrs.field(factory=lambda: _function("alert_groups.resolve_alert_group"))
    create_one: Any = attrs.field(factory=lambda: _function("integrations.create_integration"))
    models: Any = attrs.field(factory=lambda: import_module(f"{PACKAGE}.models"))

    async def page(self, number: int, query: Mapping[str, str]) -> tuple[Sequence[Any], int]:
        """A page of groups, and the number of the last one."""
        options: dict[str, Any] = {"page": number}
        if query:
            options["state"] = self.models.ListAlertGroupsState(query["state"])
            options["label"] = [query["label"]]
        found = await self._parsed(self.list_groups(client=self.client, **options))
        return found.results, found.total_pages

    async def resolve(self, id: str) -> None:
        """Resolve a group."""
        await self._parsed(self.resolve_group(id, client=self.client))

    async def create(self, name: str) -> None:
        """Create an integration with the label."""
        label = {"key": {"name": KEY}, "value": {"name": VALUE}}
        body = self.models.IntegrationsIntegrationCreate.from_dict(
            {"type": "webhook", "name": name, "labels": [label]}
        )
        await self._parsed(self.create_one(client=self.client, body=body))

    def row(self, group: Any) -> tuple[str, str]:
        """Id and state of a group."""
        return group.id, str(group.state)

    async def _parsed(self, call: Any) -> Any:
        try:
            response = await call
        except httpx.TransportError as error:
            raise Failed from error
        if response.status_code >= 400:
            raise Failed(int(response.status_code), response.headers.get("Retry-After"))
        return response.parsed


def _function(name: str) -> Any:
    return import_module(f"{PACKAGE}.api.{name}").asyncio_detailed


@asynccontextmanager
async def opened(url: str, token: str) -> AsyncGenerator[Afternoon]:
    """The jobs by the generated client, whose folder is on the path of imports."""
    made = import_module(PACKAGE).AuthenticatedClient(
        base_url=f"{url}/api/v1", token=token, prefix=""
    )
    async with made as client:
        yield Afternoon(Generated(client))
