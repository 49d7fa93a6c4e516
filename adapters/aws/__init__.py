"""Not an adapter but the ground under those that talk to AWS, which may not know each other."""
