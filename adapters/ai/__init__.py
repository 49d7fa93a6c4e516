"""Language models, their batches and their prices."""
