"""The figures of a run, and where they come from: when, on what machine, with which versions."""

import json
import os
import platform
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final, Self

import attrs

from grafana_oncall._version import __version__

from .rows import Row

_PACKAGES: Final = ("httpx", "httpx2", "aiohttp", "msgspec", "pydantic", "openapi-python-client")
"""Those of the peers, and what decides how fast the SDK is."""


@attrs.frozen(kw_only=True)
class Origin:
    """Where figures come from."""

    date: str
    python: str
    machine: str
    packages: Mapping[str, str]
    command: str

    @classmethod
    def here(cls, arguments: Sequence[str]) -> Self:
        """This machine, today, by `make bench` with these arguments."""
        return cls(
            date=datetime.now(UTC).date().isoformat(),
            python=f"{platform.python_implementation()} {platform.python_version()}",
            machine=f"{_processor()}, {os.cpu_count()} cores",
            packages=_versions(),
            command=f"make bench BENCH={shlex.quote(shlex.join(arguments))}"
            if arguments
            else "make bench",
        )

    def lines(self) -> Sequence[str]:
        """In words."""
        packages = ", ".join(f"{name} {number}" for name, number in self.packages.items())
        return (f"{self.date}, {self.python}, {self.machine}", packages, self.command)


def _processor() -> str:
    """Its model, which says how fast it is, or at least its kind."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").splitlines() if info.exists() else []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or platform.machine())


def _versions() -> Mapping[str, str]:
    found = {"grafana-oncall-sdk": __version__}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@attrs.frozen(kw_only=True)
class Report:
    """The figures of a run."""

    origin: Origin
    rows: Sequence[Row]

    def to_json(self) -> str:
        """As `from_json` reads it."""
        value = {"origin": attrs.asdict(self.origin), "rows": [row.plain() for row in self.rows]}
        return json.dumps(value, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` wrote."""
        read: dict[str, Any] = json.loads(text)
        rows = [Row(**{name: row[name] for name in _FIELDS}) for row in read["rows"]]
        return cls(origin=Origin(**read["origin"]), rows=rows)


_FIELDS: Final = [field.name for field in attrs.fields(Row)]
