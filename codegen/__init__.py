"""Writes `src/grafana_oncall/_generated/` from `openapi.yaml`. Never shipped."""
