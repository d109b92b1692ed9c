"""Failures of a job that need no trace: what they say is all there is to know."""


class JobError(Exception):
    """A failure that its message explains in full: path, value, remedy."""

    exit_code = 1


class NoRestartError(JobError):
    """A failure that a restart does not mend: of a job that runs on, the operator starts again what ends as failed."""

    exit_code = 0
