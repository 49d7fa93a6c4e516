"""Language models for stages: asking them, checking what they say, keeping the bill."""
