"""What `help()`, `dir()` and editors show of what users can import."""

from __future__ import annotations

import inspect
import pydoc
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Final

import attrs
import pytest

import grafana_oncall
from grafana_oncall import OnCallClient
from grafana_oncall._core.field_texts import DocumentedFields
from grafana_oncall.bot import BotHealth
from grafana_oncall.bulk import BulkReport
from grafana_oncall.changes import Created
from grafana_oncall.models import AlertGroup
from grafana_oncall.testing import FakeOnCall
from tests.support.public_api import callables, modules
from tests.support.samples import BASE

CALLABLES: Final = callables()
WIDE: Final = 52
"""The most characters for each parameter of a call, with its name, type and default."""


def test_what_can_be_called_is_found() -> None:
    """Otherwise, the tests of it would find no fault."""
    assert {
        "grafana_oncall.OnCallClient",
        "grafana_oncall.OnCallClient.from_env",
        "grafana_oncall.bulk.BulkReport.raise_for_failures",
        "client.alert_groups.list",
        "client.alert_groups.bulk.resolve",
        "client.integrations.create",
    } <= CALLABLES.keys()


def _annotations(function: Any) -> Iterator[Any]:
    signature = inspect.signature(function)
    yield from (each.annotation for each in signature.parameters.values())
    yield signature.return_annotation


def test_signatures_show_annotations_as_they_are_written() -> None:
    """With the names of aliases, which are unreadable when they are expanded."""
    plain = {inspect.Parameter.empty, None}
    assert not {
        name
        for name, function in CALLABLES.items()
        if not all(isinstance(each, str) or each in plain for each in _annotations(function))
    }


def test_signatures_can_be_read() -> None:
    """However many parameters a method has."""
    signatures = {
        name: inspect.signature(function)
        for name, function in CALLABLES.items()
        if not inspect.isclass(function)
    }
    assert not {
        name: len(str(each))
        for name, each in signatures.items()
        if len(str(each)) > WIDE * (len(each.parameters) + 1)
    }


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.__name__)
def test_a_module_lists_its_public_names_and_no_others(module: ModuleType) -> None:
    """Neither what it imports nor what other modules of the package use."""
    assert dir(module) == sorted(module.__all__)


async def test_the_repr_of_an_object_fits_on_a_line_or_two() -> None:
    """With what tells it from others, also where the server sends very long values."""
    fake = FakeOnCall()
    made = fake.add_group(title="CPU load " * 50)
    client = OnCallClient(url=BASE, token=fake.token, transport=fake.transport())
    shown = repr(await client.alert_groups.get(made.id))
    assert shown.startswith(f"AlertGroup(id={made.id!r}, title='CPU load CPU load")
    assert shown.endswith("…, state='firing', …)")
    assert len(shown) < 200


def test_help_on_the_package_begins_with_what_a_user_needs() -> None:
    """A program, and where everything is; no list of private modules."""
    beginning = pydoc.plain(pydoc.render_doc(grafana_oncall)).splitlines()[:30]
    text = "\n".join(beginning)
    assert "async with OnCallClient(" in text
    assert not re.search(r"^    _\w+", text, re.MULTILINE)
    public = {module.__name__.rpartition(".")[2] for module in modules()} - {"grafana_oncall"}
    missing = {name for name in public if f"`{name}`" not in text and f".{name}`" not in text}
    assert missing == {"bot", "client"}  # known by their classes


def test_help_has_a_text_for_every_field() -> None:
    """Of reports, changes, events, models and the rest.

    Not of the fake's objects, which are named as the API's, nor of what errors have, whose texts
    are in the class's, because errors import nothing of the SDK (`tests/docs/test_site.py`).
    """
    classes = {
        member
        for module in modules()
        if not module.__name__.startswith(("grafana_oncall.testing", "grafana_oncall.errors"))
        for member in (getattr(module, name) for name in module.__all__)
        if isinstance(member, type) and attrs.has(member)
    }
    assert {BulkReport, BotHealth, Created, AlertGroup} <= classes
    assert not {
        f"{each.__name__}.{field.name}"
        for each in classes
        for field in attrs.fields(each)
        if not field.name.startswith("_") and not inspect.getdoc(getattr(each, field.name))
    }
    shown = pydoc.plain(pydoc.render_doc(BulkReport))
    assert "seconds_selecting\n |      Time to read and check the selection.\n" in shown


@pytest.mark.parametrize("module", ["builtins", "made_up"])
def test_a_class_without_its_source_has_help_with_names_alone(module: str) -> None:
    """As in a program that was packed without sources, or a module that is not imported."""
    namespace: dict[str, Any] = {
        "__name__": module,
        "attrs": attrs,
        "Documented": DocumentedFields,
    }
    exec("@attrs.frozen\nclass Packed(Documented):\n    x: int\n    'Text.'", namespace)  # noqa: S102  # a class without a file
    assert " |  x\n" in pydoc.plain(pydoc.render_doc(namespace["Packed"]))
