"""The lowest and the newest versions of every dependency: both work."""

import json
import shutil
from pathlib import Path
from typing import Final

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.packaging.environments import Environment
from tests.packaging.project import ROOT, lower_bounds
from tests.packaging.test_bare_install import END_TO_END
from tests.support.budget import HUNTING, budget

PIECE: Final = (
    "tests/unit/_codec/test_decode.py",
    "tests/unit/_codec/test_decode_bodies.py",
    "tests/unit/_codec/test_decode_refusals.py",
    "tests/unit/_codec/test_converter.py",
    "tests/unit/_codec/test_inputs.py",
    "tests/unit/test_labels.py",
    "tests/unit/_validation/test_jinja.py",
    "tests/unit/_session/test_rate_limit.py",
    "tests/unit/_session/test_rate_limit_memory.py",
    "tests/unit/_session/test_rate_limit_settings.py",
    "tests/unit/test_otel.py",
    "tests/unit/bulk/test_bar.py",
    "tests/unit/bulk/test_report.py",
    "tests/unit/bulk/test_journal.py",
    "tests/unit/testing/test_serving.py",
    "tests/unit/testing/test_on_call_by_shifts.py",
    "tests/e2e/test_fake_faults_on_sockets.py",
    "tests/unit/webhooks/test_events.py",
    "tests/unit/webhooks/test_router.py",
    "tests/facade/client/test_client.py",
    "tests/facade/client/test_client_secret.py",
    "tests/facade/client/test_client_settings.py",
    "tests/facade/client/test_telemetry.py",
    "tests/facade/fake/test_operations.py",
    "tests/facade/fake/test_integrations.py",
    "tests/facade/fake/test_labels.py",
    "tests/facade/fake/test_refusals.py",
    "tests/facade/lists/test_pages.py",
    "tests/facade/lists/test_prefetch.py",
    "tests/facade/lists/test_next_links.py",
    "tests/facade/client/test_wire.py",
    "tests/facade/client/test_wire_arguments.py",
    "tests/facade/client/test_sockets.py",
    "tests/facade/bulk/test_actions.py",
    "tests/facade/bulk/test_resume.py",
    "tests/facade/bot/test_handlers.py",
    "tests/e2e/test_shared_rate_limit.py",
)
"""Tests of everything that touches a dependency."""

TRANSPORTS: Final = f"tests/{'**' if HUNTING else 'unit'}/test_*transport*.py"
"""And those of the other senders."""

VERSIONS: Final = """
import importlib.metadata, json
found = importlib.metadata.distributions()
print(json.dumps({one.metadata["Name"]: one.version for one in found}))
"""


@pytest.fixture(scope="session")
def piece(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Part of the tests and their settings, without the sources."""
    folder = tmp_path_factory.mktemp("piece")
    shutil.copytree(ROOT / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def _versions(environment: Environment) -> dict[str, Version]:
    found: dict[str, str] = json.loads(environment.run("-c", VERSIONS))
    return {canonicalize_name(name): Version(version) for name, version in found.items()}


def _assert_it_works(environment: Environment, piece: Path) -> None:
    where = "import grafana_oncall; print(grafana_oncall.__file__)"
    assert Path(environment.run("-c", where, cwd=piece).strip()).is_relative_to(environment.folder)
    assert environment.run("-W", "error", END_TO_END) == "119 resolved\n"
    tests = [*PIECE[:: budget(4, hunt=1)], *map(str, piece.glob(TRANSPORTS))]
    options = ["-q", "-p", "no:cacheprovider", f"--basetemp={environment.folder / 'tmp'}"]
    output = environment.run("-m", "pytest", *options, *tests, cwd=piece)
    assert " passed in " in output


def test_the_lowest_versions_work(lowest: Environment, piece: Path) -> None:
    """Of each dependency and extra, the exact version that the project names."""
    bounds = {canonicalize_name(name): Version(text) for name, text in lower_bounds().items()}
    installed = _versions(lowest)
    assert {name: installed[name] for name in bounds} == bounds
    _assert_it_works(lowest, piece)


@pytest.mark.skipif(not HUNTING, reason="the developers' environment has the newest versions")
def test_the_newest_versions_work(newest: Environment, piece: Path) -> None:
    """None is older than the lowest."""
    bounds = {canonicalize_name(name): Version(text) for name, text in lower_bounds().items()}
    installed = _versions(newest)
    assert all(installed[name] >= bound for name, bound in bounds.items())
    assert any(installed[name] > bound for name, bound in bounds.items())
    _assert_it_works(newest, piece)
