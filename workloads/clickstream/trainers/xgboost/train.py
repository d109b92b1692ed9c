"""clickstream-xgboost: boosted trees, grown by all processes together; the tracker runs in the first one."""

from __future__ import annotations

import xgboost
from xgboost import collective
from xgboost.tracker import RabitTracker

from trainers.dataset import shard
from trainers.outcome import PeerLost
from trainers.place import Place, place_from_master, wait_for_name
from trainers.training import NAME_SECONDS, PEER_SECONDS, Framework, Model, Settings, Task, main

XGBOOST = "xgboost"
MODEL = "model.ubj"

CONNECTIONS = 20
"""Tries to connect to the tracker, a few seconds apart; it starts when the first process has read its data."""

_trackers: list[RabitTracker] = []
"""Kept until the process ends: a tracker that is let go waits for workers that may be gone."""


class Report(xgboost.callback.TrainingCallback):
    """Tells how it goes, and keeps a checkpoint."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.task = task

    def after_iteration(self, model: xgboost.Booster, epoch: int, evals_log: dict[str, dict[str, list[float]]]) -> bool:
        """After each tree."""
        trees = model.num_boosted_rounds()
        self.task.log(f"tree {trees}: loss {evals_log['training']['logloss'][-1]:.4f}")
        if self.task.place.first and self.task.checkpoints.due(trees):
            self.task.checkpoints.save(bytes(model.save_raw("ubj")))
        return False


def train(task: Task) -> Model:
    """All processes grow the same trees; each adds up gradients of its share of the rows, and the sums are shared."""
    try:
        _gather(task.place)
        booster, resumed_from = _fit(task)
        # Not where a process is gone: it would try to reach that one again and again before the others may restart.
        collective.finalize()
        for tracker in _trackers:
            # The others take their leave of it too: if it went with this process before, they would look for minutes.
            tracker.wait_for(PEER_SECONDS)
    except xgboost.core.XGBoostError as error:
        if task.place.world_size == 1:
            raise
        reason = next((line for line in str(error).splitlines() if line.startswith("- ")), str(error).splitlines()[0])
        raise PeerLost(f"another process is gone; all start again from the checkpoint ({reason})") from error
    return Model(
        format=XGBOOST,
        files={MODEL: bytes(booster.save_raw("ubj"))},
        score=lambda rows: booster.inplace_predict(rows),
        resumed_from=resumed_from,
    )


def _gather(place: Place) -> None:
    if place.world_size == 1:
        return
    address = wait_for_name(place.host, NAME_SECONDS)
    if place.first:
        # By task: ranks are those that the operator gave, in whatever order the processes come.
        tracker = RabitTracker(
            n_workers=place.world_size, host_ip=address, port=place.port, sortby="task", timeout=NAME_SECONDS
        )
        tracker.start()
        _trackers.append(tracker)
    collective.init(
        dmlc_communicator="rabit",
        dmlc_tracker_uri=address,
        dmlc_tracker_port=place.port,
        dmlc_task_id=str(place.rank),
        dmlc_retry=CONNECTIONS,
        dmlc_timeout=PEER_SECONDS,
    )


def _fit(task: Task) -> tuple[xgboost.Booster, int]:
    place, settings, sessions = task.place, task.settings, task.sessions
    # Nothing is broadcast as an empty one: `None` would mean that this process has nothing to say.
    found = (task.checkpoints.load() or b"") if place.first else None
    if place.world_size > 1:
        # The first process reads the checkpoint for all, so that none goes on from another one.
        found = collective.broadcast(found, 0)
    booster = xgboost.Booster(model_file=bytearray(found)) if found else None
    resumed_from = booster.num_boosted_rounds() if booster is not None else 0
    if resumed_from:
        task.log(f"goes on after tree {resumed_from}")
    share = shard(len(sessions.train_labels), place.rank, place.world_size, settings.seed)
    rows = xgboost.DMatrix(sessions.train_rows[share], sessions.train_labels[share])
    trained = xgboost.train(
        {
            "objective": "binary:logistic",
            "eval_metric": "logloss",
            "tree_method": "hist",
            "max_depth": 4,
            "min_child_weight": 5,
            "subsample": 0.8,
            "colsample_bytree": 0.8,
            "eta": settings.rate,
            "seed": settings.seed,
        },
        rows,
        num_boost_round=settings.epochs - resumed_from,
        evals=[(rows, "training")],
        xgb_model=booster,
        verbose_eval=False,
        callbacks=[Report(task)],
    )
    return trained, resumed_from


if __name__ == "__main__":
    main(Framework(XGBOOST, place_from_master, train, Settings(epochs=150, batch=0, rate=0.06, seed=7)))
