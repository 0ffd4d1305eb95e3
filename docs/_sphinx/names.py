"""The names that users import, and the private places where what they name is defined."""

import inspect
from collections.abc import Iterator
from functools import cache, cached_property
from importlib import import_module
from types import ModuleType
from typing import Any, Final, TypeVar

from grafana_oncall import OnCallClient

PACKAGE: Final = "grafana_oncall"
MODULES: Final = (
    *("client", "models", "operations", "bulk", "bot", "webhooks", "changes", "events", "errors"),
    *("labels", "oncall", "stores", "testing", "otel"),
)
"""The modules of the package that users import from."""

TYPES: Final = (
    *("_http.factory.Transport", "_http.libraries.HttpxTransport"),
    *("_http.libraries.HttpxClient", "_http.proxies.HttpxProxy"),
    *("_session.credentials.TokenSource", "_core.secret.Secret", "_validation.arguments.Forever"),
    *("_core.serializable.Serializable", "_core.serializable.Occurrence"),
    *("_core.types.OpenStrEnum", "_core.types.AwareDatetime", "_core.types.LocalDatetime"),
    *("_core.types.UtcTime", "resources.direct_paging.Paged", "resources.spans.ScheduleLike"),
    *("_core.request.Operation", "_setup.report.TokenReport", "_setup.settings.DiscoverOptions"),
    *("_watch.watcher.WatchHealth", "_watch.tracker.Delivery"),
    *("testing._serving.httpx_transport.FakeTransport", "testing._server.state.Changes"),
    *("testing.calls.Server", "testing.faults.MatchedFault"),
)
"""What signatures name, and few programs import."""

ALIASES: Final = {
    name.rpartition(".")[2]: f"{PACKAGE}.{name}"
    for name in (
        *("bulk.OnProgress", "bulk.Selection", "events.Listener", "labels.LabelsLike"),
        *("_http.factory.Transport", "_http.libraries.HttpxClient", "_http.proxies.HttpxProxy"),
        *("_session.credentials.TokenSource", "resources.direct_paging.Paged"),
        *("resources.spans.ScheduleLike", "_core.types.AwareDatetime"),
        *("_core.types.LocalDatetime", "_core.types.UtcTime"),
    )
}
"""Full names of the aliases that signatures show instead of all that they stand for."""


def public_modules() -> list[ModuleType]:
    """Return the modules that the reference documents, with the package itself as the last."""
    return [*(import_module(f"{PACKAGE}.{name}") for name in MODULES), import_module(PACKAGE)]


@cache
def public_names() -> dict[str, str]:
    """Return the public name of each class and function, by the place where it is defined."""
    names: dict[str, str] = {}
    for module in public_modules():
        for name in module.__all__:
            value = getattr(module, name)
            if not inspect.ismodule(value):
                names.setdefault(
                    place_of(value, module.__name__, name), f"{module.__name__}.{name}"
                )
    return names


def place_of(value: Any, module: str = "", name: str = "") -> str:
    """Return where a class or function is defined; for other values, where it was found."""
    if inspect.isclass(value) or inspect.isroutine(value):
        defined_in = getattr(value, "__module__", module)
        return f"{defined_in}.{getattr(value, '__qualname__', name)}"
    return f"{module}.{name}"


def value_of(name: str) -> Any:
    """Return what a full name stands for."""
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(module), attribute)


@cache
def resource_classes() -> dict[str, type]:
    """Return the class of each resource, by the attribute of the client, in their order."""
    client = OnCallClient(url="https://oncall.example", token="any")  # noqa: S106  # sent nowhere
    return {
        name: type(getattr(client, name))
        for base in reversed(OnCallClient.__mro__)
        for name, member in vars(base).items()
        if isinstance(member, cached_property)
    }


@cache
def endings() -> dict[str, set[str]]:
    """Return the full names that end in a text, such as `Bulk.resume` or `alert_groups.watch`."""
    found: dict[str, set[str]] = {}
    for name, full in _named():
        parts = name.split(".")
        for first in range(len(parts)):
            found.setdefault(".".join(parts[first:]), set()).add(full)
    return found


def link(code: str, within: str = "") -> str | None:
    """Return what a text in backticks names, if that begins with a capital or has a dot.

    Args:
        code: What is in the backticks.
        within: Full name of what the text describes: of several things, the nearest is meant.
    """
    text = code.removesuffix("()").lstrip(".")
    if not (text[:1].isupper() or "." in text):
        return None
    found = endings().get(text, set())
    near = {name for name in found if _module(name) == _module(within)}
    [name] = found if len(found) == 1 else near if len(near) == 1 else [None]
    return name


def is_type_variable(place: str) -> bool:
    """Whether it is a TypeVar or ParamSpec."""
    module, _, name = place.rpartition(".")
    try:
        value = getattr(import_module(module), name, None)
    except ImportError:
        return False
    return isinstance(value, TypeVar)


def _module(name: str) -> str:
    return ".".join(part for part in name.split(".") if part[:1].islower())


def _named() -> Iterator[tuple[str, str]]:
    """Yield each name by which something may be called, and its full name."""
    for name in public_names().values():
        yield name, name
        yield from _members(value_of(name), name, name)
    for attribute, resource in resource_classes().items():
        full = public_names().get(place_of(resource), place_of(resource))
        for name in (f"client.{attribute}", resource.__name__):
            yield from _members(resource, name, full)


def _members(value: Any, name: str, full: str) -> Iterator[tuple[str, str]]:
    if inspect.isclass(value):
        owned = {
            *(member for member in dir(value) if not member.startswith("_")),
            *inspect.get_annotations(value),
        }
        yield from ((f"{name}.{member}", f"{full}.{member}") for member in owned)
