"""Watching alert groups by polling."""
