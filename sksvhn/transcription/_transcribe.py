"""Transcribe pictures into a folder of readings."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from importlib.util import find_spec
from itertools import islice, zip_longest
from numbers import Real
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from sklearn.utils import check_scalar
from tqdm import tqdm

from .._capabilities import is_estimator
from .._files._pretrained_files import pretrained_path
from .._images._load import MAX_PIXELS
from .._parameters import positive_int
from .._photographs import LEAST_CONFIDENCE, Found, PhotographBatchReader
from .._reading import Picture, PictureBatchReader, Reading

if TYPE_CHECKING:
    import pyarrow as pa
    from distributed import Client

    from ._sources import Partition, Source

_LOADING = threading.Lock()

# Pictures that are in memory, and predicted, together: a batch of the network.
BATCH = 256


class Transcription(NamedTuple):
    """What `transcribe` has written.

    Attributes
    ----------
    path : Path
        The folder; ``pandas.read_parquet(path)`` reads all of it.
    n_pictures : int
        Number of the pictures, each of which has a row at least.
    n_failed : int
        Pictures among them that could not be read; ``error`` says why.
    """

    path: Path
    n_pictures: int
    n_failed: int


def transcribe(
    source: Any,
    model: Any,
    out: str | os.PathLike[str],
    *,
    locator: Any = None,
    whole: bool = False,
    boxes: Mapping[str, Any] | Sequence[Any] | None = None,
    candidates: Mapping[str, Any] | Sequence[Any] | None = None,
    min_confidence: float | None = None,
    max_pixels: int = MAX_PIXELS,
    client: Client | str | None = None,
    n_workers: int | None = None,
    partition_size: int = 2048,
    verbose: int = 0,
) -> Transcription:
    """Read any number of pictures into a folder of Parquet files, with processes of Dask [1]_.

    Numbers are found and read as :func:`read` does it, unless their boxes are given or they fill
    their pictures. If a picture cannot be read, its row says why. The work is split into
    partitions, and each is written completely or not at all. After an interruption, the same call
    reads only the missing partitions. The content of a partition depends neither on the workers nor
    on their order. If a worker dies, another one reads its pictures.

    Memory does not grow with the number of pictures: paths are listed as they are needed, and at
    most two partitions per thread are sent ahead.

    Parameters
    ----------
    source : path-like, sequence of path-like, or DataFrame
        One of

        - a folder, whose pictures and those of folders in it, but not of links to folders, are read
          in sorted order;
        - a pattern such as ``"photos/*.jpg"``, sorted, or a sequence of paths;
        - a table: a DataFrame, CSV (``.csv``) or Parquet file with the column ``path`` and,
          optionally, ``left``, ``top``, ``width`` and ``height`` of the number, or ``boxes``, and
          ``candidates`` (in CSV separated by spaces);
        - a file of pictures: HDF5 with one dataset of shape (n, height, width[, channels]), or one
          named ``X``; or Parquet with one column of the contents of picture files.

        Paths and files are opened by the workers.
    model : path-like or estimator
        A file that ``save`` wrote, or a fitted classifier of this package with a method ``read``.
        It is sent to each worker once, and so is the locator.
    out : path-like
        The folder to write to: a new one, an empty one, or one from an interrupted call with the
        same arguments.
    locator : path-like or NumberLocator, default=None
        What finds the numbers. None is ``load_pretrained("locator")``.
    whole : bool, default=False
        Whether each picture shows one number that fills it, so that none is looked for.
    boxes : mapping of paths, or sequence, to array-likes of shape (n_boxes, 4) or (4,), \
default=None
        Where the number is in each picture: left, top, width, height; None for a picture that is
        read whole, as are those that a mapping does not name. A sequence has the order of the
        pictures. No numbers are looked for then, nor if `source` is a table of boxes.
    candidates : sequence of str, or mapping of paths or sequence to such, default=None
        Numbers that can be right: one list for all pictures, or one per picture. The reading is the
        best match among them. A picture without candidates is rejected.
    min_confidence : float, default=None
        Where numbers are looked for, those with a lower confidence are left out; None means 0.4.
        Elsewhere, readings with a lower confidence are rejected: their ``reading`` is null. None
        means the model's own `min_confidence`.
    max_pixels : int, default=268435456
        Largest width times height of a picture file that is decoded, as in
        :func:`~sksvhn.preprocessing.load_image`.
    client : distributed.Client or str, default=None
        A client, or the address of a scheduler. None starts processes on this machine for the time
        of the call; scripts then need ``if __name__ == "__main__":``, as for any multiprocessing.
    n_workers : int, default=None
        Number of these processes, with one thread each. None means one per core.
    partition_size : int, default=2048
        Number of pictures per partition.
    verbose : int, default=0
        Whether to show progress: pictures done, speed and time left.

    Returns
    -------
    Transcription
        The folder, the number of pictures in it, and the number that could not be read. The columns
        of its files are

        - ``path``, or ``row`` if a file of pictures names no paths;
        - ``reading``, a string, null if it was rejected, and ``confidence``, in [0, 1];
        - ``top_readings`` and ``top_probability``, lists of the three most probable readings (or
          candidates) and their probabilities;
        - ``in_list``, only with candidates: the probability that the number is one of them;
        - ``error``, null if the picture could be read;
        - ``left``, ``top``, ``width`` and ``height`` of the box, if numbers were looked for.

        There is one row per picture; if numbers were looked for, one per number, the surest first,
        and one for a picture without a number, in which only ``path`` or ``row`` is not null.

    Raises
    ------
    ImportError
        If Dask or pyarrow is not installed (``pip install sksvhn[dask]``).
    ValueError
        If a source, table or model is not as above, `locator` is given though no numbers are looked
        for, there are no pictures, `boxes` is a mapping that names none of them, or `out` holds
        something else, such as readings of other pictures or by another model.
    OSError
        If a file is missing or cannot be written.
    RuntimeError
        If partitions are missing at the end because every worker that read them died.

    Warns
    -----
    UserWarning
        Once, if a mapping of boxes does not name all pictures.

    See Also
    --------
    read : The same in this process, into memory.
    SVHNSequenceClassifier.read : Read numbers whose boxes are known, or that fill their pictures.

    Notes
    -----
    A call continues an earlier one if the paths of the pictures, their order, their boxes and their
    candidates are the same; with a file of pictures, if its size and the time of its last change
    are the same.

    References
    ----------
    .. [1] https://distributed.dask.org

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import pandas as pd
    >>> from distributed import Client
    >>> from PIL import Image
    >>> import sksvhn
    >>> from sksvhn.datasets import make_street_numbers
    >>> numbers = make_street_numbers(64, color=False, random_state=0)
    >>> clf = sksvhn.SVHNSequenceClassifier(max_epochs=1, random_state=0)
    >>> clf = clf.fit(numbers.images, numbers.target)
    >>> with (
    ...     TemporaryDirectory() as folder,
    ...     Client(processes=False, dashboard_address=":0") as client,  # threads, for the example
    ... ):
    ...     for i, image in enumerate(numbers.images):
    ...         Image.fromarray(image).save(Path(folder, f"{i:02d}.png"))
    ...     out = Path(folder, "readings")
    ...     done = sksvhn.transcribe(folder, clf, out, whole=True, client=client)
    ...     table = pd.read_parquet(done.path)
    >>> done.n_pictures, done.n_failed, len(table)
    (64, 0, 64)
    >>> bool((table["reading"] == clf.predict(numbers.images)).all())
    True
    """
    for module in ("distributed", "pyarrow"):
        if find_spec(module) is None:
            raise ImportError(
                f"transcribe needs {module}, which is not installed; install it with: "
                "pip install 'sksvhn[dask]'"
            )
    partition_size = positive_int(partition_size, "partition_size")
    if n_workers is not None:
        n_workers = positive_int(n_workers, "n_workers")
    if min_confidence is not None:
        check_scalar(min_confidence, "min_confidence", Real, min_val=0, max_val=1)
    max_pixels = positive_int(max_pixels, "max_pixels")
    if client is not None and n_workers is not None:
        raise ValueError(
            "n_workers must be left out if client is given, because it is the number of processes "
            "on this machine."
        )
    from dask.system import CPU_COUNT

    from ._cluster import connected, map_partitions
    from ._output import OutputFolder
    from ._sources import open_source

    opened = open_source(source, boxes, candidates)
    if locator is not None and (whole or opened.has_boxes):
        raise ValueError(
            "locator must be left out if no numbers are looked for, as with whole=True or boxes."
        )
    models = {"model": _loaded(model, "model")}
    if not (whole or opened.has_boxes):
        locator = pretrained_path("locator") if locator is None else locator
        models["locator"] = _loaded(locator, "locator")
        min_confidence = LEAST_CONFIDENCE if min_confidence is None else min_confidence
    options: dict[str, Any] = {
        "has_candidates": opened.has_candidates,
        "common": opened.common or (),
        "min_confidence": min_confidence,
        "max_pixels": max_pixels,
    }
    reader = _reader_of([one for one, _ in models.values()], **options)  # objects where workers do
    n_pictures, source_digest = opened.count()
    if n_pictures == 0:
        raise ValueError(f"source must hold at least one picture; got none in {source!r}.")
    inputs = {
        "number of pictures": n_pictures,
        "paths, boxes or candidates": source_digest,
        "locator": None,
        **{name: hashlib.sha256(content).hexdigest() for name, (_, content) in models.items()},
        "min_confidence": float(reader.min_confidence),
        "max_pixels": max_pixels,
        "partition_size": partition_size,
    }
    folder = OutputFolder(Path(out), inputs)
    sizes = [
        min(partition_size, n_pictures - first) for first in range(0, n_pictures, partition_size)
    ]
    there = [index for index in range(len(sizes)) if folder.has(index)]
    n_failed = sum(map(folder.n_failed, there))
    if len(there) < len(sizes):
        n_there = sum(sizes[index] for index in there)
        contents = [content for _, content in models.values()]
        process = _PartitionReader(contents, os.getcwd(), **options)
        missing = _missing(opened, sizes, set(there))
        n_workers = min(n_workers or CPU_COUNT, len(sizes) - len(there))
        with (
            tqdm(total=n_pictures, initial=n_there, unit=" pictures", disable=not verbose) as bar,
            connected(client, n_workers) as connection,
            closing(map_partitions(connection, process, missing)) as found,
        ):
            for index, table in found:
                folder.write(index, table)
                n_failed += len(table) - table["error"].null_count
                bar.set_postfix(failed=n_failed, refresh=False)
                bar.update(sizes[index])
    return Transcription(folder.path, n_pictures, n_failed)


def _loaded(model: Any, name: str) -> tuple[Any, bytes]:
    """Load a model, or take one, with the content of its file; `name` is the parameter's."""
    from ..estimators import load

    if isinstance(model, (str, os.PathLike)):
        return load(model), Path(model).read_bytes()
    if not is_estimator(model):
        raise TypeError(
            f"{name} must be a file that save wrote, or a fitted estimator of sksvhn; got a "
            f"{type(model).__name__}."
        )
    with TemporaryDirectory() as folder:
        path = Path(folder, "model.sksvhn")
        model.save(path)
        return model, path.read_bytes()


def _missing(
    source: Source, sizes: Sequence[int], there: set[int]
) -> Iterator[tuple[int, Partition]]:
    """Partitions that have not been read, numbered."""
    for index, (partition, size) in enumerate(zip_longest(source.partitions(sizes[0]), sizes)):
        if partition is None or len(partition.pictures) != size:
            raise RuntimeError(
                "source must not change while it is read; pictures were added or removed; pass a "
                "folder that does not change, or a table of paths."
            )
        if index not in there:
            yield index, partition


def _reader_of(
    models: Sequence[Any], *, min_confidence: float | None, **options: Any
) -> PictureBatchReader | PhotographBatchReader:
    """Reader with a model, or with a model and a locator."""
    if len(models) == 1:
        return PictureBatchReader(models[0], min_confidence=min_confidence, **options)
    assert min_confidence is not None
    reader = PictureBatchReader(models[0], **options)
    return PhotographBatchReader(reader, models[1], min_confidence=min_confidence)


class _PartitionReader:
    """Read partitions on a worker, with models that it loads once, for its own devices.

    Relative paths start from `folder`.
    """

    def __init__(self, models: Sequence[bytes], folder: str, **options: Any) -> None:
        self.models = models
        self.folder = folder
        self.options = options
        self.reader: PictureBatchReader | PhotographBatchReader | None = None

    def __call__(self, partition: Partition) -> pa.Table:
        """Read one, a batch in memory at a time."""
        from ._output import as_table

        with _LOADING:
            if self.reader is None:
                self.reader = _reader_of(list(map(_of_content, self.models)), **self.options)
        pictures, contents = partition.pictures, partition.contents(self.folder)
        has_candidates = self.options["has_candidates"]
        if isinstance(self.reader, PhotographBatchReader):
            found = _located(pictures, self.reader.read(zip(pictures, contents, strict=True)))
            return as_table(*zip(*found, strict=True), has_candidates=has_candidates)
        readings = []
        for start in range(0, len(pictures), BATCH):
            batch = pictures[start : start + BATCH]
            readings += self.reader.read(batch, islice(contents, len(batch)))
        keys = [picture.key for picture in pictures]
        return as_table(keys, readings, has_candidates=has_candidates)


def _located(
    pictures: Iterable[Picture], found: Iterable[list[Found] | str]
) -> Iterator[tuple[str | int, Reading, tuple[float, ...] | None]]:
    """Rows of what was found in photographs, one at least of each."""
    for picture, of_picture in zip(pictures, found, strict=True):
        if isinstance(of_picture, str):
            yield picture.key, Reading(error=of_picture), None
        elif not of_picture:
            yield picture.key, Reading(), None
        else:
            yield from ((picture.key, one.reading, one.box) for one in of_picture)


def _of_content(content: bytes) -> Any:
    """Load a model from the content of its file."""
    from ..estimators import load

    with TemporaryDirectory() as folder:
        path = Path(folder, "model.sksvhn")
        path.write_bytes(content)
        return load(path)
