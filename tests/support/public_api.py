"""What users can import and call, as they reach it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from grafana_oncall import OnCallClient

MODULES: Final = (
    "grafana_oncall",
    *(
        f"grafana_oncall.{name}"
        for name in (
            *("bot", "bulk", "changes", "client", "errors", "events", "labels", "models"),
            *("oncall", "operations", "otel", "testing", "webhooks"),
        )
    ),
)
"""The modules that users import."""


def modules() -> list[ModuleType]:
    """The modules that users import."""
    return [import_module(name) for name in MODULES]


def exports() -> Iterator[tuple[str, Any]]:
    """Each name of theirs, with what it stands for."""
    for module in modules():
        for name in module.__all__:
            yield f"{module.__name__}.{name}", getattr(module, name)


def callables() -> dict[str, Any]:
    """All functions, classes and methods, also those of the resources of a client."""
    found: dict[str, Any] = {}
    for name, value in exports():
        if inspect.isclass(value) and _has_signature(value):
            found |= {name: value, **_methods(name, value)}
        elif inspect.isfunction(value):
            found[name] = value
    for name, resource in resources().items():
        found |= _methods(name, type(resource))
    return found


def resources() -> dict[str, Any]:
    """The attributes of a client that have methods."""
    client = OnCallClient(url="https://oncall.test", token="token")
    public = {f"client.{name}": getattr(client, name) for name in dir(client) if name[0] != "_"}
    found = {name: one for name, one in public.items() if not inspect.isroutine(one)}
    return found | {"client.alert_groups.bulk": client.alert_groups.bulk}


def _methods(name: str, owner: type) -> dict[str, Any]:
    public = [each for each in dir(owner) if not each.startswith("_")]
    found = {f"{name}.{each}": inspect.getattr_static(owner, each) for each in public}
    plain = {each: getattr(one, "__func__", one) for each, one in found.items()}
    return {each: one for each, one in plain.items() if inspect.isfunction(one)}


def _has_signature(kind: type) -> bool:
    """Whether it is made by Python code, as most are that are no exceptions."""
    try:
        inspect.signature(kind)
    except ValueError:
        return False
    return True
