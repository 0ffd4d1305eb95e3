"""Read `openapi.yaml` and refuse whatever could not be rendered faithfully."""
