"""Filters of lists: each is a function that reads a request, and returns the test of an object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from grafana_oncall.testing._server.context import Context
from grafana_oncall.testing._server.responses import crashed

from .filters import team_test

Filters: TypeAlias = Callable[[Context], Callable[[Any], bool]]


def all_of(*filters: Filters) -> Filters:
    """Return the filters that all of these make together."""

    def joined(context: Context) -> Callable[[Any], bool]:
        tests = [each(context) for each in filters]
        return lambda item: all(test(item) for test in tests)

    return joined


def equal(*names: str) -> Filters:
    """Return the filters that compare these fields; an empty parameter filters nothing."""

    def filters(context: Context) -> Callable[[Any], bool]:
        wanted = {name: value for name in names if (value := context.last(name))}
        if not wanted:
            return lambda _: True
        return lambda item: all(getattr(item, name) == value for name, value in wanted.items())

    return filters


def equal_or_empty(name: str) -> Filters:
    """Return the filter that compares this field; an empty parameter matches the empty text."""

    def filters(context: Context) -> Callable[[Any], bool]:
        wanted = context.query.get(name, [])[-1:]
        return lambda item: not wanted or getattr(item, name) in wanted

    return filters


def in_team(context: Context) -> Callable[[Any], bool]:
    """Return the filter on `team_id`; one that is valid breaks lists of the open-source engine."""
    test = team_test(context)
    if context.world.flavour == "oss" and context.last("team_id"):
        raise crashed()
    return lambda item: test(item.team_id)
