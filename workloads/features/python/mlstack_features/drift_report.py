"""Reports of the drift job on a model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pyarrow.fs as pafs

from mlstack_features.arrow import file_system
from mlstack_features.store import FeatureStoreError

Report = Mapping[str, Any]
"""Format of `drift_job`'s reports."""


def latest_report(models: str, model: str) -> Report:
    """The newest report of a model."""
    system, folder = file_system(f"{models.replace('s3a://', 's3://', 1)}/{model}/drift")
    found = system.get_file_info(pafs.FileSelector(folder, allow_not_found=True))
    reports = sorted(each.path for each in found if each.extension == "json")
    if not reports:
        raise FeatureStoreError(f"{model}: nobody has looked for drift yet; `drift {model} --now` does")
    with system.open_input_stream(reports[-1]) as stream:
        report: Report = json.loads(stream.readall())
    return report


def drift_rows(report: Report) -> list[Mapping[str, Any]]:
    """A row a column, the farthest first, below one that says when, against what, and what came of it."""
    about = {
        "column": f"{report['examples']} examples",
        "psi": "",
        "limit": "",
        "": f"{report['measured'][:19]}, against the version of {report['version']}: {report['message']}",
    }
    indexes = sorted(report["indexes"].items(), key=lambda each: -each[1]["psi"])
    rows = [
        {
            "column": name,
            "psi": f"{each['psi']:.3f}",
            "limit": f"{each['limit']:g}",
            "": "passed" if name in report["passed"] else "",
        }
        for name, each in indexes
    ]
    return [about, *rows]
