"""Async Python client of the Grafana OnCall HTTP API.

async with OnCallClient(url="https://oncall.example", token="…") as client:
    firing = client.alert_groups.list(state="new", labels={"team": "SRE"})
    async for group in firing:
        print(group.id, group.title)
    report = await client.alert_groups.bulk.acknowledge(firing)
"""

# The floors, each of which imports only lower ones (held by import-linter):
#
#   testing
#   client · models · operations · bot · webhooks         public doors
#   _alert_groups · _integrations                         one method per operation
#   bulk · _watch · _wait · _runner                       acting on many, watching, waiting, bots
#   _follow                                               from poll to poll, over restarts
#   _poll · _schedule · _moment · _checkpoint · _signals   what they read, and when; what they keep
#   _attempts                                              how often a handler is called
#   _known                                                what they compare it with
#   _actions · _filter · _window · changes                one alert group: actions, match, diff
#   _pager                                                what `list` returns
#   _session · _call · _record · _shared                  pages; attempts; the client's lifetime
#   _wire · _http                                         the only code that sends; its httpx
#   _transport · _pool                                    what it sends through
#   _codec · _paging · _retry · _pacing · _limiter · _settings · _arguments · _choices · labels
#                                                         decisions and checks, pure but for waiting
#   _refusal · _converter · _label_shapes · _templates · _rate · _filelock · _cancellation
#   _body · _redaction                                    what is read of answers, and not told
#   _generated                                            written from openapi.yaml
#   _request · _values · otel · events · errors           plain values
#   _lazy                                                 what makes the doors cheap

from typing import TYPE_CHECKING

from ._lazy import lazily
from ._version import __version__

if TYPE_CHECKING:
    from . import bot, bulk, changes, errors, events, labels, models, operations, webhooks
    from ._arguments import FOREVER, NO_TEAM
    from ._checkpoint import Checkpoint
    from ._pager import Pager
    from ._request import Answer, Page, Request, Response
    from ._retry import RetryPolicy
    from ._values import UNSET, UnsetType
    from ._watch import Watcher
    from .client import OnCallClient
else:
    # All of them together take twice the time of httpx, and few programs need the half of them.
    __getattr__, __dir__ = lazily(
        __name__,
        {
            ".": (
                "bot",
                "bulk",
                "changes",
                "errors",
                "events",
                "labels",
                "models",
                "operations",
                "webhooks",
            ),
            "._arguments": ("FOREVER", "NO_TEAM"),
            "._checkpoint": ("Checkpoint",),
            "._pager": ("Pager",),
            "._request": ("Answer", "Page", "Request", "Response"),
            "._retry": ("RetryPolicy",),
            "._values": ("UNSET", "UnsetType"),
            "._watch": ("Watcher",),
            ".client": ("OnCallClient",),
        },
    )

__all__ = [
    "FOREVER",
    "NO_TEAM",
    "UNSET",
    "Answer",
    "Checkpoint",
    "OnCallClient",
    "Page",
    "Pager",
    "Request",
    "Response",
    "RetryPolicy",
    "UnsetType",
    "Watcher",
    "__version__",
    "bot",
    "bulk",
    "changes",
    "errors",
    "events",
    "labels",
    "models",
    "operations",
    "webhooks",
]
