"""clickstream-tensorflow: a small network, trained under MultiWorkerMirroredStrategy, chief and workers alike."""

from __future__ import annotations

import io

import numpy as np
import tensorflow as tf

from trainers import mlp
from trainers.dataset import shard
from trainers.outcome import PeerLost
from trainers.place import place_from_cluster
from trainers.training import PEER_SECONDS, Framework, Model, Settings, Task, main

TENSORFLOW = "tensorflow"

BETAS = (0.9, 0.999)
EPSILON = 1e-7


class Network(tf.Module):
    """Weights, and what Adam remembers of each; all of them mirrored over the processes by the strategy."""

    def __init__(self, layers: list[mlp.Layer]) -> None:
        super().__init__()
        arrays = [array for layer in layers for array in (layer.weights, layer.bias)]
        self.weights = [tf.Variable(array, trainable=True) for array in arrays]
        self.means = [tf.Variable(tf.zeros_like(array), trainable=False) for array in arrays]
        self.squares = [tf.Variable(tf.zeros_like(array), trainable=False) for array in arrays]
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.epoch = tf.Variable(0, dtype=tf.int64, trainable=False)

    def logits(self, rows: tf.Tensor) -> tf.Tensor:
        """Scores before the sigmoid."""
        values = rows
        for index in range(0, len(self.weights) - 2, 2):
            values = tf.nn.relu(values @ self.weights[index] + self.weights[index + 1])
        return (values @ self.weights[-2] + self.weights[-1])[:, 0]

    def state(self) -> list[tf.Variable]:
        """Everything that a training goes on from."""
        return [*self.weights, *self.means, *self.squares, self.step, self.epoch]

    def layers(self) -> list[mlp.Layer]:
        """The weights outside of TensorFlow."""
        arrays = [weight.numpy() for weight in self.weights]
        return [mlp.Layer(weights, bias) for weights, bias in zip(arrays[::2], arrays[1::2], strict=True)]


def train(task: Task) -> Model:
    """All processes take the same steps, each on its share of the rows; gradients are averaged over them."""
    strategy = _strategy(task)
    with strategy.scope():
        network = Network(mlp.initial(task.sessions.train_rows.shape[1], task.settings.seed))
    try:
        resumed_from = _resume(task, strategy, network)
        _fit(task, strategy, network, resumed_from)
    except (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.InternalError, tf.errors.CancelledError) as e:
        if task.place.world_size == 1:
            raise
        reason = e.message.splitlines()[0]
        raise PeerLost(f"another process is gone; all start again from the checkpoint ({reason})") from e
    layers = network.layers()
    return Model(
        format="mlp",
        files={mlp.WEIGHTS: mlp.to_bytes(layers)},
        score=lambda rows: mlp.score(layers, rows),
        resumed_from=resumed_from,
    )


def _strategy(task: Task) -> tf.distribute.Strategy:
    if task.place.world_size == 1:
        return tf.distribute.get_strategy()
    return tf.distribute.MultiWorkerMirroredStrategy(
        communication_options=tf.distribute.experimental.CommunicationOptions(
            implementation=tf.distribute.experimental.CommunicationImplementation.AUTO,
            timeout_seconds=PEER_SECONDS,
        )
    )


def _fit(task: Task, strategy: tf.distribute.Strategy, network: Network, resumed_from: int) -> None:
    place, settings = task.place, task.settings
    sessions = task.sessions

    @tf.function(reduce_retracing=True)
    def step(rows: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        return strategy.run(_step, args=(strategy, network, settings.rate, rows, labels))

    for epoch in range(resumed_from, settings.epochs):
        share = shard(len(sessions.train_labels), place.rank, place.world_size, settings.seed + epoch)
        total = 0.0
        for start in range(0, len(share), settings.batch):
            batch = share[start : start + settings.batch]
            loss = step(tf.constant(sessions.train_rows[batch]), tf.constant(sessions.train_labels[batch]))
            total += float(strategy.experimental_local_results(loss)[0]) * len(batch)
        network.epoch.assign(epoch + 1)
        task.log(f"epoch {epoch + 1}: loss {total / len(share):.4f}")
        if place.first and task.checkpoints.due(epoch + 1):
            task.checkpoints.save(_to_bytes(network))


def _step(
    strategy: tf.distribute.Strategy, network: Network, rate: float, rows: tf.Tensor, labels: tf.Tensor
) -> tf.Tensor:
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels, network.logits(rows)))
    replica = tf.distribute.get_replica_context()
    gradients = tape.gradient(loss, network.weights)
    averaged = replica.all_reduce(tf.distribute.ReduceOp.MEAN, gradients)
    replica.merge_call(_update, args=(network, rate, averaged))
    return loss


def _update(strategy: tf.distribute.Strategy, network: Network, rate: float, gradients: list[tf.Tensor]) -> None:
    """One step of Adam, the same in every process."""

    def assign(variable: tf.Variable, value: tf.Tensor) -> None:
        variable.assign(value)

    strategy.extended.update(network.step, lambda variable: variable.assign_add(1))
    step = tf.cast(network.step, tf.float32)
    correction = tf.sqrt(1 - BETAS[1] ** step) / (1 - BETAS[0] ** step)
    for weight, mean, square, gradient in zip(network.weights, network.means, network.squares, gradients, strict=True):
        new_mean = BETAS[0] * mean + (1 - BETAS[0]) * gradient
        new_square = BETAS[1] * square + (1 - BETAS[1]) * tf.square(gradient)
        strategy.extended.update(mean, assign, args=(new_mean,))
        strategy.extended.update(square, assign, args=(new_square,))
        change = rate * correction * new_mean / (tf.sqrt(new_square) + EPSILON)
        strategy.extended.update(weight, assign, args=(weight - change,))


def _resume(task: Task, strategy: tf.distribute.Strategy, network: Network) -> int:
    """The chief reads the checkpoint for all, so that none goes on from another one."""
    found = task.checkpoints.load() if task.place.first else None
    arrays = [variable.numpy() for variable in network.state()]
    if found is not None:
        with np.load(io.BytesIO(found), allow_pickle=False) as archive:
            arrays = [archive[f"state{index}"] for index in range(len(arrays))]
    ends = np.cumsum([array.size for array in arrays])[:-1]
    everything = np.concatenate([array.ravel() for array in arrays], dtype=np.float32, casting="unsafe")
    parts = np.split(_from_chief(task, strategy, everything), ends)
    for variable, array, part in zip(network.state(), arrays, parts, strict=True):
        variable.assign(part.reshape(array.shape).astype(array.dtype))
    epoch = int(network.epoch.numpy())
    if epoch > 0:
        task.log(f"goes on after epoch {epoch}")
    return epoch


def _from_chief(task: Task, strategy: tf.distribute.Strategy, values: np.ndarray) -> np.ndarray:
    """Broadcast the chief's values: an all-reduce sum to which the other workers contribute zeros."""
    if task.place.world_size == 1:
        return values
    mine = values if task.place.first else np.zeros_like(values)

    @tf.function
    def total() -> tf.Tensor:
        def share() -> tf.Tensor:
            return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, tf.constant(mine))

        return strategy.run(share)

    return strategy.experimental_local_results(total())[0].numpy()


def _to_bytes(network: Network) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **{f"state{index}": variable.numpy() for index, variable in enumerate(network.state())})
    return buffer.getvalue()


if __name__ == "__main__":
    main(Framework(TENSORFLOW, place_from_cluster, train, Settings(epochs=30, batch=64, rate=1e-3, seed=7)))
