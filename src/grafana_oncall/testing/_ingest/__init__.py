"""Alerts that monitoring systems post to the links of integrations, and what becomes of them."""
