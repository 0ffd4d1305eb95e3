"""Parse `openapi.yaml` and reject whatever cannot be rendered faithfully."""
