"""Descriptions of what repeats something, or is defined elsewhere than users find it."""

import re
from functools import cache
from importlib import import_module
from inspect import getdoc

from sphinx.pycode import ModuleAnalyzer

from docs._sphinx.names import public_modules
from grafana_oncall import OnCallClient
from tests.packaging.source_tree import Place, origin, read_modules


def borrowed(name: str) -> list[str]:
    """Return the description of what a documented thing repeats, or nothing.

    An option of a client is described where the client takes it, and an attribute of an object of
    the fake server where the model has it.

    Args:
        name: Full name of the thing.
    """
    owner, _, member = name.rpartition(".")
    if owner.endswith("Options"):
        return client_options().get(member, "").splitlines()
    if ".testing.Fake" in owner:
        return _of_model(owner.rpartition(".Fake")[2], member)
    return []


@cache
def client_options() -> dict[str, str]:
    """Return the description of each argument of a client, from its docstring."""
    body = re.search(r"^Args:\n((?:    .*\n?|\n)*)", getdoc(OnCallClient) or "", re.MULTILINE)
    entries = re.split(r"^    (?=\w)", body[1] if body else "", flags=re.MULTILINE)[1:]
    parts = (entry.partition(":") for entry in entries)
    return {name: " ".join(text.split()) for name, _, text in parts}


def describe_exports() -> None:
    """Let autodoc find the descriptions of constants and attributes that a module re-exports.

    It looks for them in the source of the module that a class names as its own.
    """
    modules = read_modules()
    for public in public_modules():
        found = descriptions(public.__name__)
        for name in public.__all__:
            place = origin(modules, Place(public.__name__, name))
            if place and place.name and place.module in modules:
                for (owner, member), text in descriptions(place.module).items():
                    if place.name in {owner, owner or member}:
                        found.setdefault((owner, member) if owner else ("", name), text)


def _of_model(model: str, member: str) -> list[str]:
    name = {"Shift": "OnCallShift"}.get(model, model)
    kind = getattr(import_module("grafana_oncall.models"), name, None)
    return descriptions(kind.__module__).get((name, member), []) if kind else []


def descriptions(module: str) -> dict[tuple[str, str], list[str]]:
    """Return what follows each constant and attribute of a module, by class and name."""
    analyzer = ModuleAnalyzer.for_module(module)
    analyzer.analyze()
    return analyzer.attr_docs
