"""The wheel in an empty environment: what works without extras, and the message otherwise."""

import shutil
from pathlib import Path
from typing import Final

import pytest

from tests.packaging.conftest import Distributions
from tests.packaging.environments import Environment, run
from tests.packaging.project import EXTRAS, PYTHONS, ROOT
from tests.packaging.public_surface import PINNED
from tests.packaging.source_tree import read_modules

END_TO_END: Final = Path(__file__).parent / "programs/end_to_end.py"

NEEDS: Final = {
    "aiohttp": """
from grafana_oncall import OnCallClient
OnCallClient(url="https://oncall.test", token="t", transport="aiohttp")
""",
    "cli": """
import sys
from grafana_oncall._cli import main
sys.exit(main([]))
""",
    "httpx2": """
from grafana_oncall import OnCallClient
OnCallClient(url="https://oncall.test", token="t", transport="httpx2")
""",
    "postgres": """
from grafana_oncall.stores import PostgresStore
PostgresStore("postgresql://localhost")
""",
    "rich": """
from grafana_oncall.bulk import progress_bar
with progress_bar(): pass
""",
    "otel": """
from grafana_oncall.otel import Tracing
Tracing()
""",
    "redis": """
from grafana_oncall import OnCallClient
there = "redis://localhost"
OnCallClient(url="https://oncall.test", token="t", rate_limit="3/m", rate_limit_storage=there)
""",
    "testing": """
import asyncio
from grafana_oncall.testing import FakeOnCall, serve
asyncio.run(serve(FakeOnCall()).__aenter__())
""",
}
"""By extra: a program that needs it."""

MESSAGES: Final = {
    "aiohttp": 'InvalidArgument: transport="aiohttp" needs another package',
    "cli": "The command needs an extra",
    "httpx2": 'InvalidArgument: transport="httpx2" needs another package',
    "postgres": "InvalidArgument: PostgresStore needs another package",
    "rich": "ImportError: A progress bar needs rich",
    "otel": "ImportError: Tracing needs OpenTelemetry",
    "redis": "InvalidArgument: rate_limit_storage needs another package",
    "testing": "ModuleNotFoundError: the fake on a socket needs uvicorn",
}
"""By extra: the message when it is missing, before the command that installs it."""


def test_the_package_is_that_of_the_environment(bare: Environment) -> None:
    """Not this checkout."""
    file = bare.run("-c", "import grafana_oncall; print(grafana_oncall.__file__)").strip()
    assert Path(file).is_relative_to(bare.folder)


def test_no_extra_is_there(bare: Environment) -> None:
    """Otherwise the tests below would prove nothing."""
    names = ["rich", "opentelemetry", "redis", "uvicorn", "aiohttp", "httpx2", "pytest", "dateutil"]
    found = "import importlib.util; print([n for n in {} if importlib.util.find_spec(n)])"
    assert bare.run("-c", found.format(names)).strip() == "[]"


def test_every_public_module_is_imported_without_extras(bare: Environment) -> None:
    """With all names in its `__all__`; warnings are errors."""
    modules = [m.name for m in read_modules().values() if m.is_public and not m.is_command]
    assert "grafana_oncall.otel" in modules
    program = "".join(f"import {name}\nfrom {name} import *\n" for name in modules)
    assert bare.run("-W", "error", "-c", program) == ""


def test_each_extra_is_missed_by_a_program() -> None:
    """A new extra needs a program and a message above."""
    assert set(NEEDS) == set(MESSAGES) == set(EXTRAS)


@pytest.mark.parametrize("extra", [pytest.param(extra, id=extra) for extra in NEEDS])
def test_what_needs_an_extra_names_it(bare: Environment, extra: str) -> None:
    """With the command that installs it, which does not name a package of an index."""
    message = bare.fails("-c", NEEDS[extra]).strip().splitlines()[-1]
    command = f"pip install '.[{extra}]', in a checkout of grafana-oncall-sdk"
    assert f"{MESSAGES[extra]}: {command}" in message


def test_shifts_that_recur_need_the_extra_of_the_fake(bare: Environment) -> None:
    """Others do not."""
    program = """
from datetime import datetime
from grafana_oncall.testing import FakeOnCall, FakeRequest
fake = FakeOnCall()
shift = fake.add_shift(start=datetime(2026, 3, 2), users=[fake.user])
fake.add_schedule("Primary").shifts = [shift.id]
request = FakeRequest("GET", "/api/v1/schedules", "", {"Authorization": fake.token}, b"")
assert fake.handle(request).status == 200
shift.frequency = "daily"
fake.handle(request)
"""
    message = bare.fails("-c", program).strip().splitlines()[-1]
    command = "pip install '.[testing]', in a checkout of grafana-oncall-sdk"
    assert message.endswith(f"by shifts that recur needs python-dateutil: {command}")


@pytest.mark.parametrize(
    "module",
    [
        pytest.param("grafana_oncall.testing", id="the fake on a socket"),
        pytest.param("grafana_oncall.testing.demo", id="the demo"),
    ],
)
def test_commands_name_the_extra_they_need(bare: Environment, module: str) -> None:
    """On the last line of their output."""
    message = bare.fails("-m", module).strip().splitlines()[-1]
    assert "pip install '.[testing]'" in message


def test_a_whole_small_job_runs(bare: Environment) -> None:
    """Warnings are errors."""
    assert bare.run("-W", "error", END_TO_END) == "119 resolved\n"


@pytest.fixture(scope="module", params=[pytest.param(one, id=one) for one in PYTHONS])
def promised(
    request: pytest.FixtureRequest, built: Distributions, environments: Path
) -> Environment:
    """The wheel on each Python that is promised; skipped where it is not installed."""
    version: str = request.param
    variables = {"PYENV_VERSION": version}  # which pyenv needs, where the command is its own
    python = shutil.which(f"python{version}")
    if python is None or run([python, "-V"], environments, **variables).returncode:
        pytest.skip(f"Python {version} is not installed here")
    environment = Environment.make(environments / version, python=python, **variables)
    environment.install(built.wheel)
    program = f"import sys; print(sys.version_info[:2] == ({version.replace('.', ', ')}))"
    assert environment.run("-c", program) == "True\n"
    return environment


def test_it_runs_on_every_python_that_is_promised(promised: Environment) -> None:
    """The same small job."""
    assert promised.run("-W", "error", END_TO_END) == "119 resolved\n"


def test_the_public_surface_reads_the_same_on_every_python(promised: Environment) -> None:
    """So it does not matter who writes the file."""
    assert promised.run("-m", "tests.packaging.public_surface", cwd=ROOT) == PINNED.read_text(
        encoding="utf-8"
    )
