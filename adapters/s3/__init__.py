"""Payloads in S3."""
