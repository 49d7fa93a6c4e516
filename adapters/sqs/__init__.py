"""Bells through SQS."""
