# Written by `make codegen` from openapi.yaml. Do not edit.
"""The public door is `grafana_oncall.models`."""
