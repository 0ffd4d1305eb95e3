"""`python -m grafana_oncall`: the command."""

import sys

from grafana_oncall.cli import main

if __name__ == "__main__":
    sys.exit(main())
