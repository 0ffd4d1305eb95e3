"""Generate `src/grafana_oncall/_generated/` from `openapi.yaml`. Not part of the distribution.

`read` parses and validates the specification, `render` turns the result into Python source.
`render` imports `read`, never the other way round.
"""
