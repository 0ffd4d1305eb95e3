# Written by `make codegen` from openapi.yaml. Do not edit.
"""Request builders: a module for each tag, and `_all` for every tag."""
