"""Reads, as functions over ports."""
