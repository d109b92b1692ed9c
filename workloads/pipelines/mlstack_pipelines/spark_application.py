"""A SparkApplication that a step submits to the cluster it runs in, and follows to its end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar

from mlstack_pipelines.step import Refused, StepError

GROUP = "sparkoperator.k8s.io"
VERSION = "v1beta2"
PLURAL = "sparkapplications"
POLL_SECONDS = 0.5
UNREACHABLE_SECONDS = 60
"""How long an API server may be away, as when it is started again, before the step gives up."""

Answer = TypeVar("Answer")


class ApiServer:
    """The API server of the cluster that this pod runs in, asked as the pod's service account."""

    def __init__(self) -> None:
        from kubernetes import client, config

        config.load_incluster_config()
        self._applications = client.CustomObjectsApi()
        self._core = client.CoreV1Api()

    def create(self, application: Mapping[str, object]) -> None:
        """Makes an application."""
        metadata = application["metadata"]
        assert isinstance(metadata, Mapping)
        self._ask(
            lambda: self._applications.create_namespaced_custom_object(
                GROUP, VERSION, metadata["namespace"], PLURAL, application
            ),
            # A request whose answer was lost has been carried out.
            otherwise=409,
        )

    def get(self, namespace: str, name: str) -> Mapping[str, object] | None:
        """The application, if it is there."""
        return self._ask(
            lambda: self._applications.get_namespaced_custom_object(GROUP, VERSION, namespace, PLURAL, name),
            otherwise=404,
        )

    def delete(self, namespace: str, name: str) -> None:
        """Takes an application away, with its pods."""
        self._ask(
            lambda: self._applications.delete_namespaced_custom_object(
                GROUP, VERSION, namespace, PLURAL, name, propagation_policy="Foreground"
            ),
            otherwise=404,
        )
        while self.get(namespace, name) is not None:
            time.sleep(POLL_SECONDS)

    def has_pod(self, namespace: str, pod: str) -> bool:
        """Whether there is a pod, be it that it is on its way out."""
        return self._ask(lambda: self._core.read_namespaced_pod(pod, namespace), otherwise=404) is not None

    def last_words(self, namespace: str, pod: str) -> str | None:
        """Termination message of a pod's container; None without one."""
        found = self._ask(lambda: self._core.read_namespaced_pod(pod, namespace), otherwise=404)
        statuses = (found.status.container_statuses or []) if found is not None else []
        messages = [status.state.terminated.message for status in statuses if status.state.terminated is not None]
        return next((message for message in messages if message), None)

    def _ask(self, question: Callable[[], Answer], otherwise: int) -> Answer | None:
        """Asks until there is an answer; a status that is expected counts as none."""
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        end = time.monotonic() + UNREACHABLE_SECONDS
        while True:
            try:
                return question()
            except ApiException as error:
                if error.status == otherwise:
                    return None
                if (error.status < 500 and error.status != 429) or time.monotonic() > end:
                    raise StepError(f"the API server refused: {error.status} {error.reason}: {error.body}") from error
            except HTTPError as error:
                if time.monotonic() > end:
                    raise StepError(f"the API server does not answer: {error}") from error
            time.sleep(1)


@dataclass(frozen=True)
class Application:
    """An application with its arguments, named by what it is: the same work has the same name."""

    namespace: str
    name: str
    body: Mapping[str, object]


def digest(*parts: str) -> str:
    """Short name of a content."""
    return sha256("\0".join(parts).encode()).hexdigest()[:12]


def application(template: str, arguments: Sequence[str]) -> Application:
    """The application of a template, which is an object in JSON; its own arguments come first."""
    if not template:
        raise Refused("no SparkApplication is given; give one as JSON, without arguments")
    body = json.loads(template)
    spec = {**body["spec"], "arguments": [*body["spec"].get("arguments", []), *arguments]}
    metadata = body["metadata"]
    name = f"{metadata['name']}-{digest(json.dumps(spec, sort_keys=True))}"
    return Application(metadata["namespace"], name, {**body, "metadata": {**metadata, "name": name}, "spec": spec})


def run(cluster: ApiServer, wanted: Application, complete: Callable[[], bool], seconds: float) -> None:
    """Has an application run to its end, unless it has.

    A step that is started again, after its own end or its pod's, goes on with the application that is under way.
    One that failed, or that ended without what it should leave, makes room for another attempt.

    Raises:
        StepError: it failed, it was taken away, or it did not end in time.

    """
    found = cluster.get(wanted.namespace, wanted.name)
    if found is not None and (_failed(found) or (_state(found) == "COMPLETED" and not complete())):
        cluster.delete(wanted.namespace, wanted.name)
        found = None
    if found is None:
        _await_room(cluster, wanted, seconds)
        cluster.create(wanted.body)
    _follow(cluster, wanted, seconds)
    if not complete():
        raise StepError(f"{_title(wanted)} completed, and what it should have written is not there")


def _await_room(cluster: ApiServer, wanted: Application, seconds: float) -> None:
    """Waits until the driver of an application of the same name is gone: the operator makes one of the same name."""
    end = time.monotonic() + seconds
    while cluster.has_pod(wanted.namespace, f"{wanted.name}-driver"):
        if time.monotonic() > end:
            raise StepError(f"the driver of an earlier {_title(wanted)} has not gone within {seconds:.0f} s")
        time.sleep(POLL_SECONDS)


def _follow(cluster: ApiServer, wanted: Application, seconds: float) -> None:
    end = time.monotonic() + seconds
    shown = None
    while True:
        found = cluster.get(wanted.namespace, wanted.name)
        if found is None:
            raise StepError(f"{_title(wanted)} was deleted while the step followed it")
        state = _state(found)
        if state != shown:
            print(f"{wanted.name}: {state}", flush=True)
            shown = state
        if state == "COMPLETED":
            return
        if _failed(found):
            raise StepError(f"{_title(wanted)} ended as {state}: {_reason(cluster, wanted, found)}")
        if time.monotonic() > end:
            raise StepError(f"{_title(wanted)} has not ended within {seconds:.0f} s: {state}")
        time.sleep(POLL_SECONDS)


def _title(wanted: Application) -> str:
    return f"SparkApplication {wanted.namespace}/{wanted.name}"


def _status(found: Mapping[str, object]) -> Mapping[str, object]:
    status = found.get("status")
    return status if isinstance(status, Mapping) else {}


def _application_state(found: Mapping[str, object]) -> Mapping[str, object]:
    state = _status(found).get("applicationState")
    return state if isinstance(state, Mapping) else {}


def _state(found: Mapping[str, object]) -> str:
    return str(_application_state(found).get("state") or "NEW")


def _failed(found: Mapping[str, object]) -> bool:
    # The pipeline retries, and the application does not: a submission that failed stays so.
    return _state(found) in ("FAILED", "SUBMISSION_FAILED")


def _reason(cluster: ApiServer, wanted: Application, found: Mapping[str, object]) -> str:
    driver = _status(found).get("driverInfo")
    pod = driver.get("podName") if isinstance(driver, Mapping) else None
    words = cluster.last_words(wanted.namespace, str(pod)) if pod else None
    try:
        return str(json.loads(words or "")["error"])
    except (ValueError, KeyError, TypeError):
        return str(_application_state(found).get("errorMessage") or "no reason given")
