"""Async Python client of the Grafana OnCall HTTP API.

async with OnCallClient(url="https://oncall.example", token="…") as client:
    async for group in client.alert_groups.list(state="new", labels={"team": "SRE"}):
        await client.alert_groups.acknowledge(group.id)
"""

# The floors, each of which imports only lower ones (held by import-linter):
#
#   6  __init__ · models · operations · testing
#   5  client
#   4  _alert_groups · _integrations
#   3  _pager
#   2  _session                                      the only code that sends
#   1  _codec · _paging · _settings · _arguments · labels · _generated.operations   pure
#   0  _refusal · _converter · _templates · _generated models and constraints
#      _request · errors · _values                   plain values

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
