"""The feature store as code reads it: latest rows, rows as of an instant, changes since one, point-in-time joins.

from mlstack_features import FeatureStore

store = FeatureStore.from_environment()          # on a laptop: pyarrow tables
store = FeatureStore.of_spark(spark, uri)        # in a job: Spark data frames
store.latest("user_activity", columns=["user_id", "events_1d"])
"""

from mlstack_features.store import VALID_FROM, Backend, FeatureStore, FeatureStoreError, Instant, View

__all__ = ["VALID_FROM", "Backend", "FeatureStore", "FeatureStoreError", "Instant", "View"]
