"""What spans several commits, or a user's code between two of them."""
