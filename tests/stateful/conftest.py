"""The second emulator."""

from tests.support.ministack import ministack, on_ministack

__all__ = ["ministack", "on_ministack"]
