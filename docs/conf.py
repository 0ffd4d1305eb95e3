"""Settings of Sphinx, which builds the documentation: `make docs`."""

project = "grafana-oncall-sdk"
author = "The grafana-oncall-sdk contributors"
copyright = f"2026 {author}"  # noqa: A001  # as Sphinx names it

extensions = ["myst_parser"]
myst_heading_anchors = 3
nitpicky = True

html_theme = "furo"
html_title = project
