"""Who is on call by the shifts of a schedule."""
