"""The click-stream pipeline: from the feature store to a registered model, step by step."""
