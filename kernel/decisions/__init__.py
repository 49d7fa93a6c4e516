"""The parts that decisions have in common: pure functions of records and the moment."""
