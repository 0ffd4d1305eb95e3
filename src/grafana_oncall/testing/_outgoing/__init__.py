"""Outgoing webhooks: which of them an event triggers, what they send, and what comes of it."""
