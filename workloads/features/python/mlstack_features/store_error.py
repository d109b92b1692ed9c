"""The error of questions to the feature store."""


class FeatureStoreError(Exception):
    """A question that cannot be answered; the message says what to ask instead."""
