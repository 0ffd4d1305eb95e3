"""How a client is set up: its settings, those of the environment, and what they amount to."""
