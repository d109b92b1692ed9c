"""Metrics of jobs: pushed to the stack's Pushgateway, where Prometheus reads them also after the job has ended."""

from __future__ import annotations

import os
import sys

from prometheus_client import CollectorRegistry, pushadd_to_gateway

GATEWAY = "PUSHGATEWAY_URL"
"""Variable that holds the URL of the Pushgateway; where the stack is not observed, it is not set."""

_TIMEOUT = 5
"""Seconds."""


def push(job: str, registry: CollectorRegistry) -> bool:
    """Put what a registry holds in the place of the job's metrics of the same names; say so, and go on, if that fails.

    `job` is the label by which Prometheus tells the job from others. Returns whether it was pushed.
    """
    gateway = os.environ.get(GATEWAY)
    if not gateway:
        return False
    try:
        pushadd_to_gateway(gateway, job=job, registry=registry, timeout=_TIMEOUT)
    except OSError as error:
        print(f"{job}: {gateway}: {error}", file=sys.stderr, flush=True)
        return False
    return True
