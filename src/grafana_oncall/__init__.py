"""Async Python client of the Grafana OnCall HTTP API.

async with OnCallClient(url="https://oncall.example", token="…") as client:
    async for group in client.alert_groups.list(state="new", labels={"team": "SRE"}):
        await client.alert_groups.acknowledge(group.id)
"""

# The floors, each of which imports only lower ones (held by import-linter):
#
#   testing
#   client · models · operations                          public doors
#   _alert_groups · _integrations                         one method per operation
#   _pager                                                what `list` returns
#   _session                                              the only code that sends
#   _codec · _paging · _settings · _arguments · labels    pure: decisions and checks
#   _refusal · _converter · _templates
#   _generated                                            written from openapi.yaml
#   _request · _values · errors                           plain values

from . import errors, labels, models, operations
from ._arguments import FOREVER, NO_TEAM
from ._pager import Pager
from ._request import Answer, Page, Request, Response
from ._values import UNSET, UnsetType
from ._version import __version__
from .client import OnCallClient

__all__ = [
    "FOREVER",
    "NO_TEAM",
    "UNSET",
    "Answer",
    "OnCallClient",
    "Page",
    "Pager",
    "Request",
    "Response",
    "UnsetType",
    "__version__",
    "errors",
    "labels",
    "models",
    "operations",
]
