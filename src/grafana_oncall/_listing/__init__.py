"""Lists: pages, prefetch, moving windows, and filters."""
