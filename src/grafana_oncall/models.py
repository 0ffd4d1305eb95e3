"""The models of the API, and of outgoing webhooks.

Responses and webhook payloads are frozen values in which an absent member is None or empty.
Request bodies (`…Input`, `…Create`, `…Update`) are frozen values in which UNSET means absent and
None means null. Vary any of them with `attrs.evolve`.
"""

from typing import TYPE_CHECKING

from grafana_oncall._generated.models import MODULES as _MODULES
from grafana_oncall._generated.models import __all__ as __all__  # noqa: PLC0414  # public here too

from ._lazy import lazily as _lazily

if TYPE_CHECKING:
    from grafana_oncall._generated.models import *  # noqa: F403  # pinned by the generated __all__
else:
    # Building a class of ten members takes more than a millisecond.
    __getattr__, __dir__ = _lazily(__name__, _MODULES)
