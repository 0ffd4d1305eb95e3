"""Escalation in the time of the fake's clock: chains, notification rules, and pages."""
