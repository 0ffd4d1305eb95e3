"""Request builders, one for each operation, for `OnCallClient.send`.

Each returns a request that can be inspected, varied with `attrs.evolve`, and
sent; nothing is sent here.
"""

from grafana_oncall._generated.operations._all import *  # noqa: F403  # pinned by the generated __all__
from grafana_oncall._generated.operations._all import __all__


def __dir__() -> list[str]:
    return sorted(__all__)
