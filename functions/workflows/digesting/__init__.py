"""What the stages of the digest workflow are made of."""
