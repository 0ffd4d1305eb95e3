"""Async Python client of the Grafana OnCall HTTP API."""
