"""KFP's own cache of step outputs, kept in the object store: a pod's disk ends with the pod."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kfp.local import cache
from pyarrow import fs

from mlstack_pipelines import store


class StepCache(cache.LocalCache):
    """Outputs of steps by a hash of what went in: image, command and arguments.

    An entry whose files are gone from the store is none.
    """

    uri = ""
    """Folder of the entries."""

    def get(self, key: str) -> dict[str, Any] | None:
        """The outputs of a step that ran before, in this pod or another."""
        entry = f"{self.uri}/{key}.json"
        if store.exists(entry):
            self._file(key).write_bytes(store.read_bytes(entry))
        outputs = super().get(key)
        return outputs if outputs is not None and _all_there(outputs) else None

    def put(self, key: str, outputs: dict[str, Any]) -> None:
        """Keeps the outputs of a step."""
        super().put(key, outputs)
        store.write_bytes(f"{self.uri}/{key}.json", self._file(key).read_bytes())

    def _file(self, key: str) -> Path:
        return Path(self._entry_path(key))


def keep_in(uri: str) -> None:
    """Has the local runner keep its cache at a URI; KFP 2.17 has no setting for the class of its cache."""
    StepCache.uri = uri
    cache.LocalCache = StepCache


def _all_there(outputs: Mapping[str, object]) -> bool:
    return all(_there(value) for value in outputs.values() if isinstance(value, str) and "://" in value)


def _there(uri: str) -> bool:
    files, path = store.open_store(uri)
    return files.get_file_info(path).type != fs.FileType.NotFound
