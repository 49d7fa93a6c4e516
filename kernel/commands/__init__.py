"""What the engine can be asked to decide in one commit, one command a file."""
