"""Write `src/grafana_oncall/_generated/` from `openapi.yaml`. Never shipped.

`read` parses and checks the specification; `render` turns it into source and imports `read`,
never the other way round.
"""
