"""How the fake treats each resource of the API."""
