"""Learns the scores that Spark wrote: a plain script of torch.distributed, each replica on its share of the rows."""

import argparse
import io
import json
import os
from pathlib import Path
from urllib.parse import urlsplit

import torch
from pyarrow import fs, parquet
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--epochs", type=int, required=True)
options = parser.parse_args()

distributed.init_process_group("gloo")
rank, replicas = distributed.get_rank(), distributed.get_world_size()

endpoint = urlsplit(os.environ["AWS_ENDPOINT_URL"])
store = fs.S3FileSystem(
    endpoint_override=endpoint.netloc, scheme=endpoint.scheme, region=os.environ["AWS_REGION"]
)
scores = f"{os.environ['SCORES'].removeprefix('s3a://')}/date={os.environ['DATE']}"
columns = parquet.read_table(scores, filesystem=store).to_pydict()
# Spark writes rows in any order, and sums of floating-point numbers depend on it.
rows = sorted(zip(columns["amount"], columns["usual"], columns["score"]))
features = torch.tensor([[amount / usual, abs(amount / usual - 1)] for amount, usual, _ in rows], dtype=torch.double)
wanted = torch.tensor([[score] for *_, score in rows], dtype=torch.double)

network = torch.nn.Linear(2, 1).double()
for parameter in network.parameters():
    torch.nn.init.zeros_(parameter)
parallel = DistributedDataParallel(network)
optimizer = torch.optim.SGD(parallel.parameters(), lr=0.1)
share = slice(rank, None, replicas)
for _ in range(options.epochs):
    optimizer.zero_grad()
    torch.nn.functional.mse_loss(parallel(features[share]), wanted[share]).backward()
    optimizer.step()

trained_on = torch.tensor(len(wanted[share]))
distributed.all_reduce(trained_on)
print(f"replica {rank} of {replicas} trained on {len(wanted[share])} rows")
if rank == 0:
    with torch.no_grad():
        error = float(torch.nn.functional.mse_loss(network(features), wanted))
    buffer = io.BytesIO()
    torch.save(network.state_dict(), buffer)
    with store.open_output_stream(os.environ["MODEL"].removeprefix("s3a://")) as stream:
        stream.write(buffer.getvalue())
    result = {"rows": int(trained_on), "metrics": {"error": round(error, 6)}, "replicas": replicas}
    Path(os.environ["MLSTACK_RESULT"]).write_text(json.dumps(result))
