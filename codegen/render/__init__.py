"""Render what was read as Python source."""
