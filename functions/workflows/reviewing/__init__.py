"""What the stages of the review workflow are made of."""
