# Written by `make codegen` from openapi.yaml. Do not edit.

from __future__ import annotations

from typing import Annotated

import attrs
import msgspec

from grafana_oncall._core.serializable import Serializable
from grafana_oncall._core.types import UNSET, UnsetType


@attrs.frozen(kw_only=True, weakref_slot=False)
class LabelKey(Serializable):
    """Key of a label.

    Attributes:
        name: The key itself, such as `team`.
        id: Id of the key, which is its name.
    """

    name: str
    """The key itself, such as `team`."""
    id: str | None = None
    """Id of the key, which is its name."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class LabelValue(Serializable):
    """Value of a label; a Jinja2 template where the label is dynamic.

    Attributes:
        name: The value itself, such as `SRE`.
        id: Id of the value, which is its name.
    """

    name: str
    """The value itself, such as `SRE`."""
    id: str | None = None
    """Id of the value, which is its name."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class Label(Serializable):
    """A label as returned by the server.

    Attributes:
        key: The key.
        value: The value.
    """

    key: LabelKey
    """The key."""
    value: LabelValue
    """The value."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class LabelKeyInput(Serializable):
    """Key of a label to attach.

    Attributes:
        name: A key has only letters, digits and "_", and starts and ends with a letter.
        id: Id of the key.
    """

    name: str
    """A key has only letters, digits and "_", and starts and ends with a letter."""
    id: str | UnsetType = UNSET
    """Id of the key."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class LabelValueInput(Serializable):
    """Value of a label to attach.

    Attributes:
        name: A value has only letters, digits, "-", "_" and ".", and neither starts nor
            ends with a digit.
        id: Id of the value.
    """

    name: str
    """A value has only letters, digits, "-", "_" and ".", and neither starts nor ends with a
    digit."""
    id: str | UnsetType = UNSET
    """Id of the value."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class LabelInput(Serializable):
    """A label to attach.

    Attributes:
        key: The key.
        value: The value.
    """

    key: LabelKeyInput
    """The key."""
    value: LabelValueInput
    """The value."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class AttachedNameInput(Serializable):
    """Key or value of an existing label, which may predate the rules.

    Attributes:
        name: The key or value itself.
        id: Id of the key or value.
    """

    name: Annotated[str, msgspec.Meta(min_length=1)]
    """The key or value itself."""
    id: str | UnsetType = UNSET
    """Id of the key or value."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class AttachedLabelInput(Serializable):
    """An existing label.

    Attributes:
        key: The key.
        value: The value.
    """

    key: AttachedNameInput
    """The key."""
    value: AttachedNameInput
    """The value."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class DynamicValueInput(Serializable):
    """Value of a dynamic label.

    Attributes:
        name: A Jinja2 template that the server evaluates for each alert.
    """

    name: str
    """A Jinja2 template that the server evaluates for each alert."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class DynamicLabelInput(Serializable):
    """A label whose value the server takes from each alert.

    Attributes:
        key: The key.
        value: The template of the value.
    """

    key: LabelKeyInput
    """The key."""
    value: DynamicValueInput
    """The template of the value."""
