"""Async Python client of the Grafana OnCall HTTP API.

async with OnCallClient(url="https://oncall.example", token="…") as client:
    for group in await client.alert_groups.list(state="new", labels={"team": "SRE"}).collect():
        await client.alert_groups.acknowledge(group.id)
"""

# The floors, each of which imports only lower ones (held by import-linter):
#
#   testing
#   client · models · operations                          public doors
#   _alert_groups · _integrations                         one method per operation
#   _pager                                                what `list` returns
#   _session · _call · _shared                            pages; attempts; the client's lifetime
#   _wire                                                 the only code that sends
#   _codec · _paging · _retry · _pacing · _limiter · _settings · _arguments · labels
#                                                         decisions and checks, pure but for waiting
#   _refusal · _converter · _templates · _rate
#   _generated                                            written from openapi.yaml
#   _request · _values · otel · events · errors           plain values

from . import errors, events, labels, models, operations
from ._arguments import FOREVER, NO_TEAM
from ._pager import Pager
from ._request import Answer, Page, Request, Response
from ._retry import RetryPolicy
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
    "RetryPolicy",
    "UnsetType",
    "__version__",
    "errors",
    "events",
    "labels",
    "models",
    "operations",
]
