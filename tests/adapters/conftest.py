"""The second emulator, for the adapters that talk to AWS."""

from tests.support.ministack import ministack, on_ministack

__all__ = ["ministack", "on_ministack"]
