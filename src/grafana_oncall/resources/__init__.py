"""The resources of the API: the hand-written parts of the client's attributes."""
