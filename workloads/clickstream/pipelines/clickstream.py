"""The pipeline in KFP's language. What a step does stands in the modules beside; here is what follows what."""

# Without postponed annotations: KFP reads those of components as types.
from functools import partial
from typing import NamedTuple

from kfp import dsl

IMAGE = "mlstack/clickstream-pipeline"
"""Placeholder of the image, which is replaced when the pipeline is deployed."""

component = partial(dsl.component, base_image=IMAGE, install_kfp_package=False)


@component
def resolve_instant(feature_store: str, instant: str) -> str:
    from mlstack_pipelines.step import reported

    with reported("resolve-instant"):
        from pipelines import features

        return features.resolve_instant(feature_store, instant)


@component
def read_features(feature_store: str, models: str, instant: str) -> NamedTuple(
    "Sessions", [("sessions", str), ("rows", int)]
):
    from mlstack_pipelines.step import reported

    with reported("read-features"):
        from pipelines import features

        return features.read_features(feature_store, instant, f"{models}/clickstream-pipeline")


@component
def split_sessions(
    sessions: str,
) -> NamedTuple("Split", [("training", str), ("held_out", str), ("training_rows", int), ("held_out_rows", int)]):
    from mlstack_pipelines.step import reported

    with reported("split-sessions"):
        from pipelines import features

        return features.split_sessions(sessions)


@component
def train_model(training_job: str, training: str, held_out: str, models: str, timeout_seconds: int) -> NamedTuple(
    "Fitted", [("model", str), ("predictions", str)]
):
    from mlstack_pipelines.step import reported

    with reported("train-model"):
        from mlstack_pipelines.spark_application import ApiServer
        from pipelines import training as trainer

        folder = f"{models}/clickstream-pipeline"
        return trainer.train_model(ApiServer(), training_job, training, held_out, folder, timeout_seconds)


@component
def evaluate_model(
    predictions: str,
) -> NamedTuple("Evaluation", [("auc", float), ("pr_auc", float), ("baseline_pr_auc", float), ("rows", int)]):
    from mlstack_pipelines.step import reported

    with reported("evaluate-model"):
        from pipelines import training

        return training.evaluate_model(predictions)


@component
def check_quality(auc: float, threshold: float) -> float:
    from mlstack_pipelines.step import reported

    with reported("check-quality"):
        from pipelines import training

        return training.check_quality(auc, threshold)


@component
def register_model(models: str, model: str, instant: str, auc: float, pr_auc: float, held_out_rows: int) -> NamedTuple(
    "Registered", [("version", str), ("record", str)]
):
    from mlstack_pipelines.step import reported

    with reported("register-model"):
        from pipelines import registry

        metrics = {"auc": auc, "prAuc": pr_auc, "heldOutRows": held_out_rows}
        return registry.register_model(f"{models}/clickstream-pipeline", model, instant, metrics)


def retried(task: dsl.PipelineTask) -> dsl.PipelineTask:
    """Three attempts: what passes by itself passes, such as a store that does not answer."""
    task.set_retry(num_retries=2, backoff_duration="2s", backoff_factor=2, backoff_max_duration="30s")
    return sized(task)


def sized(task: dsl.PipelineTask) -> dsl.PipelineTask:
    """Set the resource requests of a step that runs in a pod of its own."""
    return task.set_cpu_request("100m").set_memory_request("512Mi").set_memory_limit("1Gi")


OUTPUTS = [
    ("instant", str),
    ("rows", int),
    ("held_out_rows", int),
    ("auc", float),
    ("pr_auc", float),
    ("model", str),
    ("version", str),
]
"""Result of a run of the pipeline."""


@dsl.pipeline(name="clickstream", description="Trains on the sessions of the feature store, and registers good models.")
def clickstream(
    feature_store: str = "s3a://feature-store",
    models: str = "s3a://models",
    instant: str = "",
    threshold: float = 0.8,
    training_job: str = "",
    timeout_seconds: int = 1800,
) -> NamedTuple("Result", OUTPUTS):
    """From features to a registered model.

    Args:
        feature_store: URI of the bucket that holds the table `sessions`.
        models: URI of the bucket that takes what the steps write.
        instant: Commit to read the table as of; the latest where it is empty.
        threshold: Least AUC on the held-out sessions that a model is registered with.
        training_job: The SparkApplication that trains, as JSON; the split and the output are added to its arguments.
        timeout_seconds: Seconds after which a training that has not ended counts as failed.

    """
    resolved = retried(resolve_instant(feature_store=feature_store, instant=instant))
    # The latest commit is another one tomorrow; all that follows depends on the one that was found.
    resolved.set_caching_options(False)
    features = retried(read_features(feature_store=feature_store, models=models, instant=resolved.output))
    split = retried(split_sessions(sessions=features.outputs["sessions"]))
    fitted = retried(
        train_model(
            training_job=training_job,
            training=split.outputs["training"],
            held_out=split.outputs["held_out"],
            models=models,
            timeout_seconds=timeout_seconds,
        )
    )
    evaluation = retried(evaluate_model(predictions=fitted.outputs["predictions"]))
    # Not retried: the model does not become better by asking again.
    gate = sized(check_quality(auc=evaluation.outputs["auc"], threshold=threshold))
    registered = retried(
        register_model(
            models=models,
            model=fitted.outputs["model"],
            instant=resolved.output,
            auc=gate.output,
            pr_auc=evaluation.outputs["pr_auc"],
            held_out_rows=evaluation.outputs["rows"],
        )
    )
    result = NamedTuple("Result", OUTPUTS)
    return result(
        resolved.output,
        features.outputs["rows"],
        evaluation.outputs["rows"],
        gate.output,
        evaluation.outputs["pr_auc"],
        fitted.outputs["model"],
        registered.outputs["version"],
    )
