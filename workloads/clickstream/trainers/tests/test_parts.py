"""Tests of the trainings' shared code, without a framework."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from trainers import mlp, store
from trainers.checkpoint import MOST_STARTS, checkpoints
from trainers.dataset import read_sessions, shard
from trainers.encoding import encoding_from_json, fit_encoding
from trainers.evaluation import quality
from trainers.outcome import TrainerError
from trainers.place import Place, place_from_cluster


def test_quality_counts_ties_half() -> None:
    measured = quality(np.array([0.9, 0.5, 0.5, 0.1]), np.array([1.0, 1.0, 0.0, 0.0]))
    assert measured["auc"] == pytest.approx(0.875)
    assert measured["prAuc"] == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert measured["baselinePrAuc"] == 0.5


def test_shares_are_disjoint_and_of_one_size() -> None:
    shares = [shard(101, rank, 3, seed=5) for rank in range(3)]
    assert {len(share) for share in shares} == {33}
    assert len(set(np.concatenate(shares))) == 99


def test_an_encoding_survives_json_and_knows_no_new_category() -> None:
    columns = {"n": np.array([0, 3, 8]), "p": np.array([1.0, 1.0, 1.0]), "c": np.array(["a", "b", "a"], dtype=object)}
    encoding = fit_encoding(columns, ["n"], ["p"], ["c"])
    again = encoding_from_json(json.loads(json.dumps(encoding.to_json())))
    rows = again.encode({"n": [3], "p": [1.0], "c": ["z"]})
    assert rows.shape == (1, encoding.width) == (1, 4)
    assert rows.dtype == np.float32
    assert rows[0, 1:].tolist() == [0, 0, 0]


def test_layers_survive_bytes() -> None:
    layers = mlp.initial(5, seed=1)
    rows = np.random.default_rng(2).normal(size=(7, 5)).astype(np.float32)
    assert np.array_equal(mlp.score(layers, rows), mlp.score(mlp.from_bytes(mlp.to_bytes(layers)), rows))


def test_places_of_a_cluster_count_from_the_chief(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = {"chief": ["a:1"], "worker": ["b:2", "c:3"]}
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": {"type": "worker", "index": 1}}))
    assert place_from_cluster() == Place(2, 3, "a", 1)


def test_a_training_that_never_ends_is_given_up_and_may_begin_anew(tmp_path: Path) -> None:
    kept = checkpoints(str(tmp_path), {"seed": 1}, 5)
    kept.save(b"reached")
    for _ in range(MOST_STARTS):
        kept.begin()
    with pytest.raises(TrainerError, match="never came to its end"):
        kept.begin()
    kept.begin()
    assert kept.load() == b"reached"
    kept.clear()
    assert not list(tmp_path.iterdir())


def test_files_are_replaced_whole(tmp_path: Path) -> None:
    uri = f"{tmp_path}/folder/file"
    store.write_bytes(uri, b"one")
    store.write_bytes(uri, b"two")
    assert store.read_bytes(uri) == b"two"
    assert store.folders(str(tmp_path)) == ["folder"]
    store.delete(uri)
    store.delete(uri)
    assert not store.exists(uri)


def test_an_unknown_store_is_named() -> None:
    with pytest.raises(TrainerError, match="ftp://"):
        store.open_store("ftp://bucket/path")


def test_sessions_of_one_label_are_refused(exports: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match="no export of the feature table"):
        read_sessions(str(tmp_path), None)
