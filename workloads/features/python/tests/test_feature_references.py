"""References to features, and the questions that they cannot ask."""

from __future__ import annotations

import pytest

from mlstack_features import FeatureStoreError
from mlstack_features.feature_references import columns_by_view, require_views


def test_columns_stand_by_view_in_the_order_given() -> None:
    assert columns_by_view(["b:y", "a:x", "b:z"]) == {"b": {"y": "y", "z": "z"}, "a": {"x": "x"}}
    assert columns_by_view(["a:x", "b:x"], full_names=True) == {"a": {"x": "a__x"}, "b": {"x": "b__x"}}


@pytest.mark.parametrize(
    ("features", "said"),
    [
        (["x"], "features: 'x': write VIEW:COLUMN"),
        ([":x"], "write VIEW:COLUMN"),
        (["a:"], "write VIEW:COLUMN"),
        (["a:x:y"], "write VIEW:COLUMN"),
        (["a:x", "a:x"], "'a:x': given twice"),
        (["a:x", "b:x"], "a:x and b:x are both named x; pass full_names=True"),
        ([], "none given"),
        ("a:x", r"give a list, such as \['a:x'\]"),
    ],
)
def test_others_are_refused_with_what_to_write(features: list[str], said: str) -> None:
    with pytest.raises(FeatureStoreError, match=said):
        columns_by_view(features)


def test_a_setting_of_a_view_that_is_not_asked_for_is_refused() -> None:
    with pytest.raises(
        FeatureStoreError, match="instants: 'c': no feature of this view is asked for; those are of a, b"
    ):
        require_views("instants", ["c"], ["b", "a"])
