"""Settings of Sphinx, which builds the documentation: `make docs`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # for the extensions in docs/_sphinx

from docs._sphinx.names import ALIASES

project = "grafana-oncall-sdk"
author = "The grafana-oncall-sdk contributors"
copyright = f"2026 {author}"  # noqa: A001  # as Sphinx names it

extensions = ["docs._sphinx.directives", "docs._sphinx.reference", "myst_parser"]
exclude_patterns = ["_build", "_sphinx"]
nitpicky = True

myst_heading_anchors = 3

add_module_names = False
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_type_aliases = ALIASES
autodoc_typehints_format = "short"
toc_object_entries_show_parents = "hide"
python_maximum_signature_line_length = 88
python_use_unqualified_type_names = True

html_theme = "furo"
html_title = project
