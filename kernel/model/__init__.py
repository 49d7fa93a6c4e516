"""Records and the rules that they keep."""
