"""The objects on the fake server, which a test may read and change, by topic."""
