"""References to features: `VIEW:COLUMN`, as in Feast."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mlstack_features.store_error import FeatureStoreError


def columns_by_view(features: Sequence[str], *, full_names: bool = False) -> dict[str, dict[str, str]]:
    """Columns of each view, and what the answer calls them: COLUMN, or VIEW__COLUMN with `full_names`.

    @raises FeatureStoreError for a reference of another form, one that is given twice, and two of one name
    """
    if isinstance(features, str):
        raise FeatureStoreError(f"features: {features!r}: give a list, such as [{features!r}]")
    found: dict[str, dict[str, str]] = {}
    names: dict[str, str] = {}
    for reference in features:
        view, _, column = reference.partition(":")
        if not view or not column or ":" in column:
            raise FeatureStoreError(f"features: {reference!r}: write VIEW:COLUMN, such as user_activity:events_1h")
        name = f"{view}__{column}" if full_names else column
        if names.get(name) == reference:
            raise FeatureStoreError(f"features: {reference!r}: given twice")
        if name in names:
            raise FeatureStoreError(
                f"features: {names[name]} and {reference} are both named {name}; pass full_names=True"
            )
        names[name] = reference
        found.setdefault(view, {})[column] = name
    if not found:
        raise FeatureStoreError("features: none given")
    return found


def require_views(what: str, given: Iterable[str], features: Iterable[str]) -> None:
    """Refuse a setting for a view of which no feature is asked for. @raises FeatureStoreError"""
    asked = set(features)
    if strangers := [view for view in given if view not in asked]:
        raise FeatureStoreError(
            f"{what}: {strangers[0]!r}: no feature of this view is asked for; those are of {', '.join(sorted(asked))}"
        )
