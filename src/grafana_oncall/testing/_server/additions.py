"""The base of the `add_…` methods of `FakeOnCall`."""

from __future__ import annotations

from .world import World


class Additions:
    """Add objects to a server without a request; each resource has a subclass.

    The methods raise `ValueError` or `TypeError`, with the name of the argument, for impossible
    values.
    """

    _world: World
