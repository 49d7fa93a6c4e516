"""The ways in: Lambda handlers, the host they share, and the wiring."""
