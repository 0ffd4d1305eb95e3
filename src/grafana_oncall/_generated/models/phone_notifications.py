# Written by `make codegen` from openapi.yaml. Do not edit.

from __future__ import annotations

from typing import Annotated

import attrs
import msgspec

from grafana_oncall._core.serializable import Serializable


@attrs.frozen(kw_only=True, weakref_slot=False)
class PhoneNotification(Serializable):
    """A message for the phone of a user.

    Attributes:
        email: Email address of the user.
        message: Up to 1024 characters.
    """

    email: Annotated[str, msgspec.Meta(min_length=1)]
    """Email address of the user."""
    message: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
    """Up to 1024 characters."""
