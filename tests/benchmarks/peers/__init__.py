"""Whole jobs, by this SDK and by what a user would write or generate instead."""
