"""The fake's server: its state, its routes, and how it responds."""
