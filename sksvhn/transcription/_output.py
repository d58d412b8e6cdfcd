"""Output folder of a transcription: one Parquet file per partition, and a record of the job."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from .._files._atomic import written_whole
from .._files._csv_lines import BOX_COLUMNS
from .._reading import Reading
from .._warn import warn_caller

# The underscore hides it from what reads a folder of Parquet files.
MANIFEST = "_manifest.json"
FORMAT = 2

_COLUMNS = {
    "reading": pa.string(),
    "confidence": pa.float64(),
    "top_readings": pa.list_(pa.string()),
    "top_probability": pa.list_(pa.float64()),
    "in_list": pa.float64(),
    "error": pa.string(),
}


def as_table(
    keys: Sequence[Any],
    readings: Sequence[Reading],
    boxes: Sequence[Any] | None = None,
    *,
    has_candidates: bool,
) -> pa.Table:
    """Rows of the output: paths or rows of pictures, what was read and, if located, where."""
    if isinstance(keys[0], int):
        columns = {"row": pa.array(keys, pa.int64())}
    else:
        columns = {"path": pa.array(map(_text, keys), pa.string())}
    for name, values in zip(Reading._fields, zip(*readings, strict=True), strict=True):
        if name == "error":
            values = tuple(None if text is None else _text(text) for text in values)
        if name != "in_list" or has_candidates:
            columns[name] = pa.array(values, _COLUMNS[name])
    if boxes is not None:
        sides = zip(*(box or (None,) * len(BOX_COLUMNS) for box in boxes), strict=True)
        columns |= {
            name: pa.array(values, pa.float64())
            for name, values in zip(BOX_COLUMNS, sides, strict=True)
        }
    return pa.table(columns)


class OutputFolder:
    """Folder of the partitions of one transcription, created if it is missing.

    `inputs` is everything that the readings depend on, with keys in the words of messages.
    """

    def __init__(self, path: Path, inputs: dict[str, Any]) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise type(error)(
                f"{path} must be a folder, or a path where one can be created; creating it failed "
                f"({error.strerror}); pass another."
            ) from None
        manifest = path / MANIFEST
        for rest in path.glob("*.part"):  # of a run that was killed as it wrote
            rest.unlink()
        if manifest.exists():
            self._check(manifest, inputs)
        elif any(path.iterdir()):
            raise ValueError(
                f"{path} must be a new folder, an empty one or one with a transcription; it holds "
                "other files; pass another folder."
            )
        else:
            document = {"format": FORMAT, "inputs": inputs, "versions": _versions()}
            with written_whole(manifest) as part:
                part.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")

    def has(self, index: int) -> bool:
        """Whether a partition has been read."""
        return self._file(index).exists()

    def n_failed(self, index: int) -> int:
        """How many pictures of a partition that is there could not be read."""
        metadata = pq.read_metadata(self._file(index))
        column = metadata.schema.names.index("error")  # where lists are flat, as groups have them
        groups = range(metadata.num_row_groups)
        missing = (metadata.row_group(i).column(column).statistics.null_count for i in groups)
        return metadata.num_rows - sum(missing)

    def write(self, index: int, table: pa.Table) -> None:
        """Write a partition, there whole or not at all."""
        with written_whole(self._file(index)) as part:
            pq.write_table(table, part, compression="zstd")

    def _file(self, index: int) -> Path:
        return self.path / f"part-{index:06d}.parquet"

    def _check(self, manifest: Path, inputs: dict[str, Any]) -> None:
        try:
            document = json.loads(manifest.read_text(encoding="utf-8"))
            made_of, versions = document["inputs"], document["versions"]
            is_known = document["format"] == FORMAT and isinstance(made_of, dict)
        except (ValueError, LookupError, TypeError):
            is_known = False
        if not is_known:
            raise ValueError(
                f"{manifest} must be a file that this version of sksvhn wrote; pass another folder."
            )
        others = [name for name, value in inputs.items() if made_of.get(name) != value]
        if others:
            raise ValueError(
                f"{self.path} holds readings that were made with other inputs (different: "
                f"{', '.join(others)}); pass another folder, or the same inputs as before."
            )
        if versions != _versions():
            warn_caller(
                f"{self.path} was started with other versions of packages ({_words(versions)}; now "
                f"{_words(_versions())}), so the last digits of confidences may differ.",
            )


def _versions() -> dict[str, str]:
    packages = ("sksvhn", "torch", "numpy", "pillow")
    return {name: version(name) for name in packages} | {"python": platform.python_version()}


def _words(versions: Any) -> str:
    return ", ".join(f"{name} {number}" for name, number in dict(versions).items())


def _text(name: str) -> str:
    """Names of files that are no text, as text."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
