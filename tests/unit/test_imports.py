"""What an import brings with it: each program is an interpreter of its own."""

import subprocess
import sys
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

import grafana_oncall
from grafana_oncall import models

if TYPE_CHECKING:
    # Each door is closed to other names: otherwise mypy would call these ignores unused.
    from grafana_oncall import Nothing  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    from grafana_oncall.models import Nobody  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]

    wrong = (Nothing, Nobody)

HEAVY = {"asyncio", "attr", "attrs", "cattrs", "httpx", "jinja2", "msgspec", "ssl"}
GENERATED = "grafana_oncall._generated."


def imported(program: str) -> set[str]:
    """The modules that there are after a program has run."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{program}\nprint(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
    )
    return {*done.stdout.split()}


def generated(program: str) -> set[str]:
    """The generated modules among them."""
    return {
        name.removeprefix(GENERATED) for name in imported(program) if name.startswith(GENERATED)
    }


def test_the_package_brings_nothing_heavy() -> None:
    """Neither the packages that it is built on nor a module of its own."""
    modules = imported("import grafana_oncall")
    assert not modules & HEAVY
    assert {name for name in modules if name.startswith("grafana_oncall")} == {
        "grafana_oncall",
        "grafana_oncall._lazy",
        "grafana_oncall._version",
    }


@pytest.mark.parametrize("name", ["errors", "events", "labels", "models", "Request"])
def test_a_name_that_sends_nothing_brings_no_http(name: str) -> None:
    """Neither httpx nor what reads templates."""
    assert not imported(f"from grafana_oncall import {name}") & {"httpx", "jinja2"}


def test_a_client_brings_no_reader_of_templates() -> None:
    """Templates are read when some are given."""
    modules = imported(
        "from grafana_oncall import OnCallClient\n"
        "OnCallClient(url='https://oncall.test', token='t')"
    )
    assert "httpx" in modules
    assert "jinja2" not in modules


@pytest.mark.parametrize(
    ("program", "modules"),
    [
        pytest.param("from grafana_oncall import models", set[str](), id="the door alone"),
        pytest.param("from grafana_oncall.models import Label", {"labels"}, id="labels"),
        pytest.param(
            "from grafana_oncall import models\nmodels.AlertGroup",
            {"alert_groups", "labels"},
            id="what alert groups are made of",
        ),
    ],
)
def test_models_are_built_when_they_are_first_used(program: str, modules: set[str]) -> None:
    """Those of the resource that is asked for, and those that they refer to."""
    assert generated(program) == modules


def test_a_star_brings_every_name() -> None:
    """As `from … import *` reads `__all__`."""
    program = "from grafana_oncall import *\nfrom grafana_oncall.models import *\nprint(*dir())"
    assert {*grafana_oncall.__all__, *models.__all__} <= imported(program)


@pytest.mark.parametrize("door", [grafana_oncall, models], ids=lambda one: one.__name__)
def test_every_public_name_is_behind_its_door(door: ModuleType) -> None:
    """It can be had, is listed, and is the same the next time."""
    for name in door.__all__:
        assert getattr(door, name) is vars(door)[name]
        assert name in dir(door)


def test_a_door_hands_on_what_is_public_and_nothing_else() -> None:
    """So no name is forgotten in one of its lists."""
    imported(
        "import grafana_oncall\nfrom grafana_oncall import models\n"
        "for door in grafana_oncall, models:\n"
        "    lazy = {*dir(door)} - {*vars(door)}\n"
        "    assert lazy | {'__version__', 'models'} >= {*door.__all__} >= lazy, door"
    )


@pytest.mark.parametrize("door", ["grafana_oncall", "grafana_oncall.models"])
def test_an_unknown_name_is_an_attribute_error(door: str) -> None:
    """In the words of any other module."""
    module = sys.modules[door]
    with pytest.raises(AttributeError, match=f"^module '{door}' has no attribute 'nothing'$"):
        _ = module.nothing


def test_all_clients_of_a_process_share_the_certificates() -> None:
    """Reading those takes most of the time of making a client."""
    imported(
        "from grafana_oncall import OnCallClient\n"
        "read = []\n"
        "def seen(frame, event, function):\n"
        "    if getattr(function, '__name__', '') == 'load_verify_locations':\n"
        "        read.append(event)\n"
        "sys.setprofile(seen)\n"
        "for token in 'abc':\n"
        "    OnCallClient(url='https://oncall.test', token=token)\n"
        "    assert read.count('c_call') == 1, read\n"
    )
