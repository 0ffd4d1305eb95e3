# Written by `make codegen` from openapi.yaml. Do not edit.
"""The facade: a class for each tag, and `_all` for every tag."""
