# Written by `make codegen` from openapi.yaml. Do not edit.
"""Everything that is generated from the specification."""
