"""clickstream-pytorch: a small network, trained by DistributedDataParallel over gloo, or NCCL where there are GPUs."""

from __future__ import annotations

import io
import pickle
from datetime import timedelta

import numpy as np
import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from trainers import mlp
from trainers.dataset import shard
from trainers.outcome import PeerLost
from trainers.place import Place, place_from_master
from trainers.training import PEER_SECONDS, Framework, Model, Settings, Task, main

PYTORCH = "pytorch"


def train(task: Task) -> Model:
    """All processes take the same steps, each on its share of the rows; gradients are averaged over them."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    _gather(task.place, "nccl" if device.type == "cuda" else "gloo")
    network = _network(mlp.initial(task.sessions.train_rows.shape[1], task.settings.seed)).to(device)
    optimizer = torch.optim.Adam(network.parameters(), lr=task.settings.rate)
    resumed_from = _resume(task, network, optimizer, device)
    try:
        _fit(task, network, optimizer, device, resumed_from)
    except RuntimeError as error:
        if task.place.world_size == 1:
            raise
        reason = str(error).splitlines()[0]
        raise PeerLost(f"another process is gone; all start again from the checkpoint ({reason})") from error
    layers = _layers(network)
    return Model(
        format="mlp",
        files={mlp.WEIGHTS: mlp.to_bytes(layers), "model.pt": _saved(network.state_dict())},
        score=lambda rows: mlp.score(layers, rows),
        resumed_from=resumed_from,
    )


def _gather(place: Place, backend: str) -> None:
    if place.world_size == 1:
        return
    distributed.init_process_group(
        backend,
        init_method=f"tcp://{place.host}:{place.port}",
        rank=place.rank,
        world_size=place.world_size,
        timeout=timedelta(seconds=PEER_SECONDS),
    )


def _fit(
    task: Task, network: nn.Sequential, optimizer: torch.optim.Adam, device: torch.device, resumed_from: int
) -> None:
    place, settings = task.place, task.settings
    alone = place.world_size == 1
    parallel = network if alone else DistributedDataParallel(network)
    loss_of = nn.BCEWithLogitsLoss()
    rows = torch.from_numpy(task.sessions.train_rows).to(device)
    labels = torch.from_numpy(task.sessions.train_labels).to(device)
    for epoch in range(resumed_from, settings.epochs):
        share = shard(len(labels), place.rank, place.world_size, settings.seed + epoch)
        total = 0.0
        for start in range(0, len(share), settings.batch):
            batch = torch.from_numpy(share[start : start + settings.batch]).to(device)
            optimizer.zero_grad()
            loss = loss_of(parallel(rows[batch])[:, 0], labels[batch])
            loss.backward()
            optimizer.step()
            total += float(loss) * len(batch)
        task.log(f"epoch {epoch + 1}: loss {total / len(share):.4f}")
        if place.first and task.checkpoints.due(epoch + 1):
            # Tensors and whole numbers: PyTorch 1.13 reads nothing else without unpickling.
            moments = optimizer.state_dict()["state"]
            state = {"epoch": epoch + 1, "network": network.state_dict(), "optimizer": moments}
            task.checkpoints.save(_saved(state))


def _resume(task: Task, network: nn.Sequential, optimizer: torch.optim.Adam, device: torch.device) -> int:
    """The first process reads the checkpoint for all, so that none goes on from another one."""
    state = [task.checkpoints.load() if task.place.first else None]
    if task.place.world_size > 1:
        distributed.broadcast_object_list(state, src=0, device=device)
    if state[0] is None:
        return 0
    try:
        # Anyone who may write to the bucket could have the training run what an unpickled object asks for.
        found = torch.load(io.BytesIO(state[0]), map_location=device, weights_only=True)
    except pickle.UnpicklingError as error:
        task.log(f"the checkpoint is left aside, and training begins at its start: {error}")
        return 0
    network.load_state_dict(found["network"])
    optimizer.load_state_dict({**optimizer.state_dict(), "state": found["optimizer"]})
    task.log(f"goes on after epoch {found['epoch']}")
    return found["epoch"]


def _network(layers: list[mlp.Layer]) -> nn.Sequential:
    modules: list[nn.Module] = []
    for layer in layers:
        linear = nn.Linear(*layer.weights.shape)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(layer.weights.T.copy()))
            linear.bias.copy_(torch.from_numpy(layer.bias))
        modules += [linear, nn.ReLU()]
    return nn.Sequential(*modules[:-1])


def _layers(network: nn.Sequential) -> list[mlp.Layer]:
    linears = [module for module in network if isinstance(module, nn.Linear)]
    return [mlp.Layer(_array(linear.weight).T.copy(), _array(linear.bias)) for linear in linears]


def _array(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy()


def _saved(state: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


if __name__ == "__main__":
    main(Framework(PYTORCH, place_from_master, train, Settings(epochs=30, batch=64, rate=1e-3, seed=7)))
