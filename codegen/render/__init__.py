"""Render the parsed specification as Python source."""
