"""`python -m grafana_oncall`: the command."""

import sys

from grafana_oncall._cli import main

if __name__ == "__main__":
    sys.exit(main())
