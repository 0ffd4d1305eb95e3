"""From Python values to JSON and back, and from refusals to errors."""
