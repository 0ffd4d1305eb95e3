"""A page to look at a fake on a socket, live, and to act on it as a person would."""
