"""References between objects by id, and what becomes of them with the object that they name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeAlias

import attrs

Fate: TypeAlias = Literal["deleted", "cleared", "dropped"]


def refers_to(kind: type, then: Fate) -> Mapping[str, Any]:
    """Return the metadata of an attribute that has ids of this class.

    When an object that it names is deleted, its owner is `"deleted"` as well, the attribute is
    `"cleared"` to null, or the id is `"dropped"` from the list.
    """
    return {"refers_to": kind, "then": then}


def references(owner: type, kind: type) -> Iterator[tuple[str, Fate]]:
    """Return the attributes of a class that have ids of another one, and what becomes of them."""
    for attribute in attrs.fields(owner):
        if attribute.metadata.get("refers_to") is kind:
            yield attribute.name, attribute.metadata["then"]
