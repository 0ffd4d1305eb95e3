"""Validation of arguments, before anything is sent."""
