"""What the machine itself has to offer."""
