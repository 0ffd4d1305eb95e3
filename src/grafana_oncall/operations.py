"""The public door to the generated request builders, for `OnCallClient.send`.

Each builds the request of one operation, which can be looked at, varied with `attrs.evolve`, and
sent; nothing is sent here.
"""

from grafana_oncall._generated.operations._all import *  # noqa: F403  # pinned by the generated __all__
from grafana_oncall._generated.operations._all import __all__  # noqa: F401  # what the star takes is public here too
