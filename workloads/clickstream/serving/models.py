"""Models of a run: which is best, and how each kind of them answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow.parquet as pq
from pyarrow import fs

from trainers import mlp, store
from trainers.encoding import Columns, encoding_from_json
from trainers.outcome import TrainerError


@dataclass(frozen=True)
class Served:
    """A model that answers."""

    framework: str
    run: str
    metrics: Mapping[str, float]
    numbers: Sequence[str]
    """Fields of a session that are numbers, none of them negative."""
    categories: Mapping[str, Sequence[str]]
    """Fields that are texts, with the values that training saw; others are answered too, as none of these."""
    score: Callable[[Columns], np.ndarray]
    """Probabilities of a purchase."""


@dataclass(frozen=True)
class Candidate:
    """A model that a run left."""

    framework: str
    folder: str
    metrics: Mapping[str, float]


def best_of(models: str, run: str | None) -> Served:
    """The model with the largest AUC on the held-out sessions, of a run or of the latest one."""
    root = f"{models}/clickstream"
    runs = store.folders(root)
    if not runs:
        raise TrainerError(f"{root}: no model there; run clickstream-training first")
    chosen = run or runs[-1]
    found = candidates(f"{root}/{chosen}")
    if not found:
        raise TrainerError(f"{root}/{chosen}: no model there; it has runs {', '.join(runs[-10:])}")
    best = max(found, key=lambda candidate: candidate.metrics["auc"])
    load = _load_spark if best.framework == "spark" else _load_trained
    return load(best, chosen)


def candidates(folder: str) -> list[Candidate]:
    """List the models of a run: Spark's in the run's folder, the others in one folder per framework."""
    found = []
    for framework, place in [("spark", folder), *((name, f"{folder}/{name}") for name in store.folders(folder))]:
        if store.exists(f"{place}/metrics.json"):
            metrics = json.loads(store.read_bytes(f"{place}/metrics.json"))["metrics"]
            found.append(Candidate(framework, place, metrics))
    return found


def _load_trained(candidate: Candidate, run: str) -> Served:
    description = json.loads(store.read_bytes(f"{candidate.folder}/model.json"))
    files = {name: store.read_bytes(f"{candidate.folder}/{name}") for name in description["files"]}
    encoding = encoding_from_json(description["encoding"])
    score = _scorer(description["format"], files)
    return Served(
        framework=candidate.framework,
        run=run,
        metrics=candidate.metrics,
        numbers=encoding.numbers,
        categories=encoding.categories,
        score=lambda columns: score(encoding.encode(columns)),
    )


def _scorer(kind: str, files: Mapping[str, bytes]) -> Callable[[np.ndarray], np.ndarray]:
    match kind:
        case "mlp":
            layers = mlp.from_bytes(files[mlp.WEIGHTS])
            return lambda rows: mlp.score(layers, rows)
        case "xgboost":
            # Looked for only where a model needs it: it takes a third of a second.
            import xgboost

            booster = xgboost.Booster({"nthread": 1}, model_file=bytearray(files["model.ubj"]))
            return lambda rows: booster.inplace_predict(rows)
        case _:
            raise TrainerError(f"{kind}: no such format of a model is known here")


_LOGARITHM = re.compile(r"log1p\((\w+)\) AS (\w+)")
_ONE_HOT = re.compile(r"int\((\w+) = '((?:[^'\\]|\\.)*)'\) AS (\w+)")


def _load_spark(candidate: Candidate, run: str) -> Served:
    """A pipeline as Spark ML saves it: columns made in SQL, put in an order, and weighed."""
    stages = f"{candidate.folder}/model/stages"
    by_class = {}
    for stage in store.folders(stages):
        metadata = _metadata(f"{stages}/{stage}")
        by_class[metadata["class"].rpartition(".")[2]] = (f"{stages}/{stage}", metadata["paramMap"])
    statement = by_class["SQLTransformer"][1]["statement"]
    order: list[str] = by_class["VectorAssembler"][1]["inputCols"]
    logarithms = {name: source for source, name in _LOGARITHM.findall(statement)}
    one_hot = {name: (source, value) for source, value, name in _ONE_HOT.findall(statement)}
    weights, intercept = _weights(by_class["LogisticRegressionModel"][0])
    plain = [name for name in order if name not in logarithms and name not in one_hot]
    categories: dict[str, list[str]] = {}
    for name in order:
        if name in one_hot:
            source, value = one_hot[name]
            categories.setdefault(source, []).append(value)

    def column(columns: Columns, name: str) -> np.ndarray:
        if name in logarithms:
            return np.log1p(np.asarray(columns[logarithms[name]], dtype=np.float64))
        if name in one_hot:
            source, value = one_hot[name]
            return (np.asarray(columns[source], dtype=object) == value).astype(np.float64)
        return np.asarray(columns[name], dtype=np.float64)

    def score(columns: Columns) -> np.ndarray:
        logits = np.stack([column(columns, name) for name in order], axis=1) @ weights + intercept
        return 1 / (1 + np.exp(-logits))

    return Served(
        framework="spark",
        run=run,
        metrics=candidate.metrics,
        numbers=[*logarithms.values(), *plain],
        categories=categories,
        score=score,
    )


def _weights(stage: str) -> tuple[np.ndarray, float]:
    files, path = store.open_store(f"{stage}/data")
    row = pq.read_table(path, filesystem=files).to_pylist()[0]
    matrix = row["coefficientMatrix"]
    weights = np.zeros(matrix["numCols"])
    if matrix["type"] == 1:
        weights[:] = matrix["values"]
    elif matrix["isTransposed"]:
        weights[matrix["rowIndices"]] = matrix["values"]
    else:
        counts = np.diff(matrix["colPtrs"])
        weights[counts == 1] = matrix["values"]
    intercept = row["interceptVector"]["values"]
    return weights, float(intercept[0]) if intercept else 0.0


def _metadata(stage: str) -> dict:
    files, path = store.open_store(f"{stage}/metadata")
    names = [info.path for info in files.get_file_info(fs.FileSelector(path)) if info.base_name.startswith("part-")]
    with files.open_input_stream(names[0]) as stream:
        return json.loads(stream.read())
