"""What an import loads: each program is an interpreter of its own."""

import subprocess
import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

import grafana_oncall
from grafana_oncall import models
from tests.contract.specification import ROOT

if TYPE_CHECKING:
    # Each package refuses other names: otherwise mypy would call these ignores unused.
    from grafana_oncall import Nothing  # type: ignore[attr-defined]
    from grafana_oncall.models import Nobody  # type: ignore[attr-defined]

    wrong = (Nothing, Nobody)

HEAVY = {"asyncio", "attr", "attrs", "cattrs", "httpx", "jinja2", "msgspec", "ssl"}
GENERATED = "grafana_oncall._generated."
CONSTANTS = {"constraints"}
OF_CLIENT = CONSTANTS | {"resources", "resources._all"}
"""What the client itself needs."""
MODELS = {"models", "models.labels"}
SERVERS = {"stores.postgres", "stores.redis", "stores.server"}


def of_tag(tag: str) -> set[str]:
    """The generated modules that the resource of a tag needs."""
    packages = {"models", "operations", "resources"}
    return OF_CLIENT | packages | {f"{package}.{tag}" for package in packages}


ALERT_GROUPS = of_tag("alert_groups") | {"models.labels"}
INTEGRATIONS = of_tag("integrations") | {"models.labels"}
USERS = of_tag("users")
TEAMS = of_tag("teams")
ALL = {"models.labels"}.union(*(of_tag(tag["name"]) for tag in ROOT["tags"])) - {"models.alerts"}
CLIENT = """
import asyncio
from grafana_oncall import OnCallClient
from grafana_oncall.testing import FakeOnCall
fake = FakeOnCall()
group, integration = fake.add_group().id, fake.add_integration().id
client = OnCallClient(url="https://oncall.test", token=fake.token, transport=fake.transport())
"""


def imported(program: str) -> set[str]:
    """The modules that are loaded after a program has run."""
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


def test_the_package_imports_nothing_heavy() -> None:
    """Neither the packages that it is built on nor any module of its own."""
    modules = imported("import grafana_oncall")
    assert not modules & HEAVY
    assert {name for name in modules if name.startswith("grafana_oncall")} == {
        "grafana_oncall",
        "grafana_oncall._lazy",
        "grafana_oncall._version",
    }


@pytest.mark.parametrize("name", ["errors", "events", "labels", "models", "Request"])
def test_a_name_that_sends_nothing_imports_no_http(name: str) -> None:
    """Neither httpx nor the template reader."""
    assert not imported(f"from grafana_oncall import {name}") & {"httpx", "jinja2"}


def test_a_client_imports_what_it_sends_through_when_it_sends() -> None:
    """In a thread, before its first request. Templates are read when some are given."""
    modules = imported(
        "from grafana_oncall import OnCallClient\n"
        "OnCallClient(url='https://oncall.test', token='t')"
    )
    assert not modules & {"httpx", "anyio", "http.cookiejar", "jinja2"}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_client_over_aiohttp_never_imports_httpx(host: str) -> None:
    """Nor what httpx brings along, which takes longer than all of the SDK."""
    modules = imported(
        "import asyncio\n"
        "from grafana_oncall import OnCallClient, RetryPolicy\n"
        "from grafana_oncall.errors import OnCallError\n"
        "async def main():\n"
        "    once = RetryPolicy(max_attempts=1)\n"
        f"    options = dict(url='http://{host}:1', token='token', retry=once)\n"
        "    async with OnCallClient(transport='aiohttp', **options) as client:\n"
        "        try:\n"
        "            await client.alert_groups.get('I1')\n"
        "        except OnCallError:\n"
        "            return\n"
        "asyncio.run(main())\n"
    )
    assert "aiohttp" in modules
    assert not modules & {"httpx", "anyio"}


def test_a_client_loads_no_module_of_a_resource() -> None:
    """However many resources the API has, making a client takes as long."""
    modules = imported(
        "from grafana_oncall import OnCallClient\n"
        "OnCallClient(url='https://oncall.test', token='t')"
    )
    own = {name.partition(".")[2] for name in modules if name.startswith("grafana_oncall.")}
    assert {name for name in own if name.startswith("resources.")} == {
        "resources.accessors",
        "resources.requests",
    }
    assert {name.partition(".")[0] for name in own} == {
        *("_codec", "_core", "_generated", "_http", "_lazy", "_session", "_setup", "_validation"),
        *("_version", "client", "errors", "events", "resources"),
    }


@pytest.mark.parametrize(
    ("program", "modules"),
    [
        pytest.param("from grafana_oncall import models", {"models"}, id="the package alone"),
        pytest.param("from grafana_oncall.models import Label", MODELS, id="labels"),
        pytest.param(
            "from grafana_oncall import models\nmodels.AlertGroup",
            MODELS | {"models.alert_groups"},
            id="what alert groups are made of",
        ),
    ],
)
def test_models_are_built_when_they_are_first_used(program: str, modules: set[str]) -> None:
    """Those of the requested resource, and those that they refer to."""
    assert generated(program) == modules


@pytest.mark.parametrize(
    ("program", "modules"),
    [
        pytest.param("from grafana_oncall import OnCallClient", OF_CLIENT, id="the class"),
        pytest.param("from grafana_oncall import FOREVER, NO_TEAM", CONSTANTS, id="arguments"),
        pytest.param(CLIENT, OF_CLIENT, id="a client"),
        pytest.param(f"{CLIENT}client.with_options(timeout=3)", OF_CLIENT, id="a view"),
        pytest.param(
            f"{CLIENT}asyncio.run(client.alert_groups.get(group))", ALERT_GROUPS, id="a group"
        ),
        pytest.param(
            f"{CLIENT}asyncio.run(client.alert_groups.list(state='new').collect())",
            ALERT_GROUPS,
            id="a list of groups",
        ),
        pytest.param(f"{CLIENT}client.alert_groups.bulk", ALERT_GROUPS, id="bulk"),
        pytest.param(f"{CLIENT}client.alert_groups.watch()", ALERT_GROUPS, id="a watcher"),
        pytest.param(
            f"{CLIENT}asyncio.run(client.integrations.get(integration))",
            INTEGRATIONS,
            id="an integration",
        ),
        pytest.param(f"{CLIENT}asyncio.run(client.users.list().collect())", USERS, id="users"),
        pytest.param(f"{CLIENT}asyncio.run(client.teams.list().collect())", TEAMS, id="teams"),
        pytest.param(
            f"{CLIENT}client.integrations, client.alert_groups",
            INTEGRATIONS | ALERT_GROUPS,
            id="both resources",
        ),
    ],
)
def test_a_client_builds_the_models_of_the_resources_that_are_used(
    program: str, modules: set[str]
) -> None:
    """And no others; nor those of webhooks."""
    assert generated(program) == modules


@pytest.mark.parametrize(
    "tag", [pytest.param("alert_groups", id="groups"), pytest.param("integrations", id="sources")]
)
def test_the_builders_of_one_tag_import_no_others(tag: str) -> None:
    """Only the public module loads all of them."""
    modules = generated(f"import grafana_oncall._generated.operations.{tag}")
    assert {name for name in modules if name.startswith("operations.")} == {f"operations.{tag}"}
    every = generated("from grafana_oncall.operations import OPERATIONS")
    resources = {name for name in ALL if name.startswith("resources")}
    assert every == (ALL - resources) | {"operations._all"}


@pytest.mark.parametrize(
    ("use", "absent"),
    [
        pytest.param(
            "client",
            {
                "resources.alert_groups",
                "_generated.resources.integrations",
                "labels",
                "testing._page",
            },
            id="a client",
        ),
        pytest.param(
            "asyncio.run(client.alert_groups.get(group))",
            {
                "_generated.resources.integrations",
                "_watch.watcher",
                "_watch.poller",
                "bulk",
                "changes",
            },
            id="a group",
        ),
        pytest.param(
            "asyncio.run(client.integrations.get(integration))",
            {"_session.actions", "resources.alert_groups", "_validation.enums", "bulk", "changes"},
            id="an integration",
        ),
        pytest.param(
            "client.alert_groups.bulk",
            {"_watch.watcher", "_watch.follower", "_watch.checkpoint", *SERVERS},
            id="bulk",
        ),
        pytest.param(
            "from grafana_oncall.bulk import Status",
            {"bulk.api", "bulk.methods", "bulk.run", "resources.alert_groups"},
            id="a status of a run",
        ),
        pytest.param("client.alert_groups.watch()", {"bulk", *SERVERS}, id="a watcher"),
    ],
)
def test_what_few_programs_use_is_imported_on_first_use(use: str, absent: set[str]) -> None:
    """Bulk runs and watching take as long to import as everything else."""
    modules = imported(CLIENT + use)
    assert not modules & {f"grafana_oncall.{name}" for name in absent}
    for name in absent:
        import_module(f"grafana_oncall.{name}")  # these modules exist


def test_the_resources_of_a_client_are_listed_before_they_are_made() -> None:
    """For editors and mocks; each is made once."""
    imported(
        f"{CLIENT}"
        "for name in 'alert_groups', 'integrations':\n"
        "    assert name in dir(client)\n"
        "    assert name not in vars(client)\n"
        "    assert getattr(OnCallClient, name).__doc__\n"
        "    assert getattr(client, name) is getattr(client, name)\n"
        "assert client.alert_groups.bulk is client.alert_groups.bulk\n"
    )


def test_a_star_import_brings_every_name() -> None:
    """As `from … import *` reads `__all__`."""
    program = "from grafana_oncall import *\nfrom grafana_oncall.models import *\nprint(*dir())"
    assert {*grafana_oncall.__all__, *models.__all__} <= imported(program)


@pytest.mark.parametrize("package", [grafana_oncall, models], ids=lambda one: one.__name__)
def test_every_public_name_can_be_imported_from_its_package(package: ModuleType) -> None:
    """It can be imported, is listed, and stays the same object."""
    for name in package.__all__:
        assert getattr(package, name) is vars(package)[name]
        assert name in dir(package)


def test_a_package_exports_what_is_public_and_nothing_else() -> None:
    """So no name is missing from one of its lists."""
    imported(
        "import grafana_oncall\nfrom grafana_oncall import models\n"
        "for package in grafana_oncall, models:\n"
        "    lazy = {*dir(package)} - {*vars(package)}\n"
        "    assert lazy | {'__version__', 'models'} >= {*package.__all__} >= lazy, package"
    )


@pytest.mark.parametrize("package", ["grafana_oncall", "grafana_oncall.models"])
def test_an_unknown_name_is_an_attribute_error(package: str) -> None:
    """With the message of any other module."""
    module = sys.modules[package]
    with pytest.raises(AttributeError, match=f"^module '{package}' has no attribute 'nothing'$"):
        _ = module.nothing


CERTIFICATES_READ = """
import asyncio, ssl, threading
import httpx
from grafana_oncall import OnCallClient, RetryPolicy
from grafana_oncall.errors import OnCallError
read = []
def seen(context, cafile=None, capath=None, cadata=None):
    if cafile is not None:
        read.append(threading.current_thread())
    load(context, cafile, capath, cadata)
load, ssl.SSLContext.load_verify_locations = ssl.SSLContext.load_verify_locations, seen
async def main():
    for _ in range(3):
        once = RetryPolicy(max_attempts=1)
        async with OnCallClient(
            url="{url}", token="0123456789", transport={transport}, retry=once
        ) as client:
            try:
                await client.alert_groups.list().count()
            except OnCallError:
                pass  # nothing listens there
asyncio.run(main())
assert len(read) == {times}
assert threading.main_thread() not in read
"""


@pytest.mark.parametrize(
    ("url", "transport", "times"),
    [
        pytest.param("https://127.0.0.1:1", "None", 1, id="connections of the client's own"),
        pytest.param("http://127.0.0.1:1", "None", 0, id="plain http"),
        pytest.param(
            "https://127.0.0.1:1",
            "httpx.MockTransport(lambda _: httpx.Response(404))",
            0,
            id="a transport of the user's own",
        ),
    ],
)
def test_certificates_are_read_once_in_a_process_and_only_if_needed(
    url: str, transport: str, times: int
) -> None:
    """In a thread, because reading them would block the loop for a tenth of a second or more."""
    imported(CERTIFICATES_READ.format(url=url, transport=transport, times=times))
