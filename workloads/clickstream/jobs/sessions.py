"""One row a session: what a visitor did before buying, and whether they bought."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

PURCHASE = "purchase"

CHECKOUT = ("shipping_details", "payment_details", "payment_error", "checkout_bug")
"""Steps of a purchase under way: to know them is to know the answer, so no feature counts them."""

ACTIONS: Mapping[str, str] = {
    "product_views": "product_view",
    "catalog_views": "catalog",
    "searches": "search",
    "filters": "filter_results",
    "compares": "compare",
    "reviews_read": "review_page",
    "wishlist_adds": "wishlist_add",
    "cart_adds": "add_to_cart",
    "cart_views": "cart",
    "promo_views": "promo_page",
    "account_views": "account_page",
    "support_chats": "support_chat",
    "errors": "error_page",
}
"""Features that count one kind of event."""

COUNTS = ("actions", "distinct_pages", *ACTIONS)
DURATIONS = ("duration_s", "seconds_per_action", "seconds_since_cart")
SHARES = ("cart_rate", "search_rate", "searched", "carted")
CATEGORIES = ("platform", "channel", "cohort", "lifecycle")

FEATURES = (*COUNTS, *DURATIONS, *SHARES, "start_hour", "start_weekday", *CATEGORIES)
"""Columns a model may see. `event_time` orders versions of a row and knows when a purchase was, so it is not one."""

LABEL = "purchased"
KEY = "session_id"
ORDERING = "event_time"
EVENTS = "events"
"""Column that keeps what a session was made of, so that one that goes on in another input can be made of all of it."""


def sessions(events: DataFrame) -> DataFrame:
    """Features of every session, from events in any order.

    Features know only what came before the first purchase, and of that only browsing: an event at the
    very second of the purchase, or after it, changes nothing but `event_time`.
    """
    purchased_at = F.min(F.when(F.col("event") == PURCHASE, F.col("time")))
    marked = events.withColumn("purchased_at", purchased_at.over(Window.partitionBy("session")))
    browsing = (F.col("purchased_at").isNull() | (F.col("time") < F.col("purchased_at"))) & ~F.col("event").isin(
        PURCHASE, *CHECKOUT
    )
    seen = F.when(browsing, F.col("time"))
    carted_at = F.min(F.when(browsing & (F.col("event") == ACTIONS["cart_adds"]), F.col("time")))
    totals = marked.groupBy("session").agg(
        _at_start("user").alias("user_id"),
        *(_at_start(category).alias(category) for category in CATEGORIES),
        F.min("time").alias("started_at"),
        F.max("time").alias(ORDERING),
        F.count(seen).alias("actions"),
        F.size(F.collect_set(F.when(browsing, F.col("event")))).alias("distinct_pages"),
        *(F.count(F.when(browsing & (F.col("event") == event), 1)).alias(name) for name, event in ACTIONS.items()),
        _seconds(F.min(seen), F.max(seen)).alias("duration_s"),
        _seconds(carted_at, F.max(seen)).alias("seconds_since_cart"),
        F.max(F.col("purchased_at").isNotNull().cast("int")).alias(LABEL),
        F.array_sort(F.collect_set(F.struct(*(name for name in events.columns if name != "session")))).alias(EVENTS),
    )
    return totals.select(
        F.col("session").alias(KEY),
        "user_id",
        "started_at",
        ORDERING,
        *COUNTS,
        "duration_s",
        _ratio("duration_s", F.col("actions") - 1).alias("seconds_per_action"),
        "seconds_since_cart",
        _ratio("cart_adds", F.col("product_views")).alias("cart_rate"),
        _ratio("searches", F.col("actions")).alias("search_rate"),
        (F.col("searches") > 0).cast("int").alias("searched"),
        (F.col("cart_adds") > 0).cast("int").alias("carted"),
        F.hour("started_at").alias("start_hour"),
        F.dayofweek("started_at").alias("start_weekday"),
        *CATEGORIES,
        LABEL,
        EVENTS,
    )


def _at_start(column: str) -> Column:
    # A struct compares by time first and by value on a tie, so the answer does not depend on the order of rows.
    return F.min(F.struct("time", column))[column]


def _seconds(start: Column, end: Column) -> Column:
    return F.coalesce(F.unix_timestamp(end) - F.unix_timestamp(start), F.lit(0))


def _ratio(part: str, whole: Column) -> Column:
    return F.col(part) / F.greatest(whole, F.lit(1))
