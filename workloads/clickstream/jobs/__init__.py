"""Spark jobs of the click-stream workload: features of sessions, and a model trained on them."""
