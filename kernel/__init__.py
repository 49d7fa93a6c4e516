"""Decisions only: what Headrace promises, with no vendor, clock, chance or I/O in it."""
