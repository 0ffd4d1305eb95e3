"""One request on the wire: clients, transports, URLs, and the token."""
