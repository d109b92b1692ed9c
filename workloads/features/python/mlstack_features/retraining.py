"""Starting a training that stands in the cluster as a suspended ScheduledSparkApplication: one at a time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

_GROUP, _VERSION = "sparkoperator.k8s.io", "v1beta2"
_APPLICATIONS, _SCHEDULES = "sparkapplications", "scheduledsparkapplications"
_ENDED = ("COMPLETED", "FAILED")
_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")

RUN_LABEL = "mlstack.dev/run-of"
"""Label of a schedule: name of the application that the program itself runs of the same work."""

REASON = "mlstack.dev/reason"
"""Annotation that says why an application was started."""

_GONE_SECONDS = 60


@dataclass(frozen=True)
class Start:
    """Result of the attempt to start a training."""

    name: str
    """The application that was started; empty when none was."""
    message: str


def start(template: str, reason: str) -> Start:
    """Start the work of a schedule under the schedule's own name, unless it is under way.

    The name is what keeps two from running: the API server makes an application once. The account needs `get` on the
    schedule, `get` and `delete` on the application of that name, and `create` on applications.
    """
    config.load_incluster_config()
    cluster = _Cluster(client.CustomObjectsApi(), _NAMESPACE.read_text().strip())
    schedule = cluster.get(_SCHEDULES, template)
    if schedule is None:
        return Start("", f"no training was started, for there is no {template}")
    for name in (template, schedule["metadata"].get("labels", {}).get(RUN_LABEL)):
        found = cluster.get(_APPLICATIONS, name) if name else None
        if found is not None and _state(found) not in _ENDED:
            return Start("", f"{name} is training already")
    cluster.delete(template)
    application = {
        "apiVersion": f"{_GROUP}/{_VERSION}",
        "kind": "SparkApplication",
        "metadata": {"name": template, "annotations": {REASON: reason}},
        "spec": schedule["spec"]["template"],
    }
    if not cluster.create(application):
        return Start("", f"{template} is training already")
    return Start(template, f"{template} has been started")


@dataclass(frozen=True)
class _Cluster:
    """Spark's objects of one namespace."""

    api: client.CustomObjectsApi
    namespace: str

    def get(self, plural: str, name: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self.api.get_namespaced_custom_object(
                _GROUP, _VERSION, self.namespace, plural, name
            )
            return found
        except ApiException as error:
            if error.status == 404:
                return None
            raise

    def create(self, application: dict[str, Any]) -> bool:
        """Whether it was made; not when there is one of its name."""
        try:
            self.api.create_namespaced_custom_object(_GROUP, _VERSION, self.namespace, _APPLICATIONS, application)
        except ApiException as error:
            if error.status == 409:
                return False
            raise
        return True

    def delete(self, name: str) -> None:
        """Takes an ended application away, if it is there, and waits until it is gone."""
        try:
            self.api.delete_namespaced_custom_object(
                # With its pods: the next driver has the same name.
                _GROUP,
                _VERSION,
                self.namespace,
                _APPLICATIONS,
                name,
                propagation_policy="Foreground",
            )
        except ApiException as error:
            if error.status == 404:
                return
            raise
        end = time.monotonic() + _GONE_SECONDS
        while self.get(_APPLICATIONS, name) is not None and time.monotonic() < end:
            time.sleep(0.5)


def _state(application: dict[str, Any]) -> str:
    return str(application.get("status", {}).get("applicationState", {}).get("state", ""))
