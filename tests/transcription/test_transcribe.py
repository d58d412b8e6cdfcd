"""Reading pictures by worker processes: what comes out, whatever happens on the way."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from distributed import Client
from numpy.typing import NDArray
from PIL import Image

import sksvhn
from sksvhn import SVHNCNNClassifier, SVHNSequenceClassifier
from sksvhn.transcription import _output, _sources

from .._promised import BOUND
from .._street import Finder, street
from ..estimators._pictures import bar_numbers
from .conftest import N_PICTURES, PATIENCE

# Numbers that fill their pictures.
transcribe = partial(sksvhn.transcribe, whole=True)


def read_in_this_process(reader: SVHNSequenceClassifier, folder: Path, size: int) -> pd.DataFrame:
    """What one process reads, in batches that are cut in the same way."""
    paths = [*sorted(folder.glob("*.png")), *sorted(folder.glob("more/*.png"))]
    parts = [
        reader.read(paths[start : start + size], return_confidence=True)
        for start in range(0, len(paths), size)
    ]
    return pd.DataFrame(
        {
            "path": list(map(str, paths)),
            "reading": np.concatenate([labels for labels, _ in parts]),
            "confidence": np.concatenate([sure for _, sure in parts]),
        }
    )


def assert_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(
        found[list(expected.columns)], expected, check_exact=True, check_dtype=False
    )


def test_is_what_one_process_reads(
    reader: SVHNSequenceClassifier,
    model: Path,
    folder: Path,
    client: Client,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    done = transcribe(folder, model, tmp_path / "out", client=client, partition_size=64)
    assert done == (tmp_path / "out", N_PICTURES, 0)
    assert capfd.readouterr() == ("", "")
    table = pd.read_parquet(done.path)
    assert list(table.columns) == [
        "path",
        "reading",
        "confidence",
        "top_readings",
        "top_probability",
        "error",
    ]
    assert_same(table, read_in_this_process(reader, folder, 64))
    assert table["reading"].nunique() > 5
    assert table["error"].isna().all()
    assert (table["top_readings"].map(len) == 3).all()
    assert (table["top_readings"].str[0] == table["reading"]).all()
    assert (table["top_probability"].str[0] == table["confidence"]).all()
    assert len(list(done.path.glob("*.parquet"))) == 4

    # Numbered parts that are there are not read again: nor is a cluster asked for.
    before = {path: path.stat().st_mtime_ns for path in done.path.iterdir()}
    assert transcribe(folder, model, done.path, client="no address", partition_size=64) == done
    assert before == {path: path.stat().st_mtime_ns for path in done.path.iterdir()}


def test_goes_on_with_what_is_missing(
    reader: SVHNSequenceClassifier, folder: Path, client: Client, tmp_path: Path
) -> None:
    arguments: Any = {"client": client, "partition_size": 16, "verbose": 1}
    out = transcribe(folder, reader, tmp_path / "out", **arguments).path
    expected = pd.read_parquet(out)
    parts = sorted(out.glob("*.parquet"))
    assert len(parts) == 13
    for path in (parts[0], parts[5], parts[12]):
        path.unlink()
    (out / "0123.part").write_bytes(b"left by a run that was killed")
    before = {path: path.stat().st_mtime_ns for path in out.glob("*.parquet")}
    assert transcribe(folder, reader, out, **arguments) == (out, N_PICTURES, 0)
    assert before.items() <= {path: path.stat().st_mtime_ns for path in out.iterdir()}.items()
    assert_same(pd.read_parquet(out), expected)


def test_tells_the_rate_and_the_time_left(
    model: Path,
    folder: Path,
    client: Client,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    transcribe(folder, model, tmp_path, client=client, verbose=1)
    last = capsys.readouterr().err.split("\r")[-1]
    assert f"{N_PICTURES}/{N_PICTURES}" in last
    assert "pictures/s" in last


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"model": "other"}, "model"),
        ({"partition_size": 65}, "partition_size"),
        ({"min_confidence": 0.5}, "min_confidence"),
        ({"source": "fewer"}, "number of pictures, paths, boxes or candidates"),
        ({"candidates": ["1", "2"]}, "paths, boxes or candidates"),
    ],
)
def test_other_inputs_are_refused(
    reader: SVHNSequenceClassifier,
    model: Path,
    folder: Path,
    client: Client,
    tmp_path: Path,
    changed: dict[str, Any],
    words: str,
) -> None:
    arguments = {"source": folder, "model": model, "partition_size": 64, "client": client}
    out = tmp_path / "out"
    transcribe(out=out, **arguments)
    if changed.get("model") == "other":
        X, y = bar_numbers(32, random_state=3)
        changed = {"model": SVHNSequenceClassifier(channels=((4,),), max_epochs=1).fit(X, y)}
    if changed.get("source") == "fewer":
        changed = {"source": folder / "more"}
    with pytest.raises(ValueError, match=rf"other inputs \(different: {words}\)"):
        transcribe(out=out, **arguments | changed)


def test_other_versions_are_told_where_it_was_called(
    model: Path, folder: Path, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments: Any = {"client": client, "partition_size": 256}
    done = transcribe(folder, model, tmp_path / "out", **arguments)
    monkeypatch.setattr(_output, "version", lambda name: "99.1")
    with pytest.warns(UserWarning, match=r"started with other versions .*now sksvhn 99\.1") as told:
        assert transcribe(folder, model, tmp_path / "out", **arguments) == done
    assert [warning.filename for warning in told] == [__file__]


def test_folder_that_changes_while_it_is_listed(
    model: Path, folder: Path, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_sources.Source, "count", lambda self: (N_PICTURES - 1, "digest"))
    with pytest.raises(RuntimeError, match="pictures were added or removed"):
        transcribe(folder, model, tmp_path / "out", client=client, partition_size=64)
    assert len(list((tmp_path / "out").glob("*.parquet"))) <= 3


def test_folder_of_something_else_is_refused(model: Path, folder: Path) -> None:
    with pytest.raises(ValueError, match=r"must be a new folder.* it holds other files"):
        transcribe(folder, model, folder)


def test_damaged_pictures_are_rows_with_their_error(
    reader: SVHNSequenceClassifier, model: Path, folder: Path, client: Client, tmp_path: Path
) -> None:
    expected = read_in_this_process(reader, folder, 64)
    paths = expected["path"].tolist()
    content = Path(paths[3]).read_bytes()
    for row, damaged in ((3, content[: len(content) // 2]), (100, b"no picture"), (150, b"")):
        paths[row] = str(tmp_path / f"{row}.png")
        Path(paths[row]).write_bytes(damaged)
    paths[199] = str(tmp_path / "absent.png")
    done = transcribe(paths, model, tmp_path / "out", client=client, partition_size=50)
    assert done.n_failed == 4
    table = pd.read_parquet(done.path)
    assert table["path"].tolist() == paths
    failed = table[table["error"].notna()]
    assert failed.index.tolist() == [3, 100, 150, 199]
    assert failed["error"][199] == "No such file or directory"
    assert failed["error"][100].startswith("it holds no picture that can be read; expected PNG")
    assert failed[["reading", "confidence"]].isna().all(axis=None)
    others = table["error"].isna()
    assert (table["reading"] == expected["reading"])[others].all()
    # Behind a damaged picture, batches are others.
    np.testing.assert_allclose(
        table["confidence"][others], expected["confidence"][others], rtol=0, atol=BOUND
    )
    # Counted again from the files.
    assert transcribe(paths, model, done.path, partition_size=50) == done


def test_boxes_and_candidates_of_each_row(
    reader: SVHNSequenceClassifier,
    model: Path,
    images: NDArray[np.uint8],
    client: Client,
    tmp_path: Path,
) -> None:
    boxes = []
    for i, image in enumerate(images[:12]):
        photo = np.full((60, 80), 128, np.uint8)
        photo[20:36, 10 + i : 26 + i] = image
        Image.fromarray(photo).save(tmp_path / f"{i}.png")
        boxes.append([10 + i, 20, 16, 16])
    lists = [["0", "1", "2", "3"], ["10", "22", "33"], []] * 4
    sides = pd.DataFrame(boxes, columns=["left", "top", "width", "height"])
    table = pd.DataFrame({"path": [str(tmp_path / f"{i}.png") for i in range(12)]}).join(sides)
    table["candidates"] = lists
    done = transcribe(table, model, tmp_path / "frame", client=client)
    found = pd.read_parquet(done.path)

    crops = reader.crops(table["path"], boxes)
    ranked = reader.rank_candidates(crops, lists)
    assert found["reading"].fillna("").tolist() == ranked.best.tolist()
    np.testing.assert_allclose(found["in_list"], ranked.in_list)
    best = [posterior.max(initial=0) for posterior in ranked.posterior]
    np.testing.assert_allclose(found["confidence"], best)
    assert found["top_readings"].map(len).tolist() == [3, 3, 0] * 4

    # The same in a CSV file, and by path beside the pictures.
    table["candidates"] = [" ".join(numbers) for numbers in lists]
    table.to_csv(tmp_path / "table.csv", index=False)
    from_csv = transcribe(tmp_path / "table.csv", model, tmp_path / "csv", client=client)
    assert_same(pd.read_parquet(from_csv.path), found)
    by_path = transcribe(
        table["path"],
        model,
        tmp_path / "mapping",
        boxes=dict(zip(table["path"], boxes, strict=True)),
        candidates=dict(zip(table["path"], lists, strict=True)),
        client=client,
    )
    assert_same(pd.read_parquet(by_path.path), found)


def test_candidates_that_no_label_can_be_are_an_error_of_their_row(
    folder: Path, client: Client, tmp_path: Path
) -> None:
    X, y = bar_numbers(64)
    clf = SVHNSequenceClassifier(channels=((4,),), max_epochs=1, n_views=1).fit(X, y.astype(int))
    paths = sorted(folder.glob("*.png"))[:3]
    lists = [["12", "012", "1"], ["12", "3b"], ["2"]]
    done = transcribe(paths, clf, tmp_path / "out", candidates=lists, client=client)
    table = pd.read_parquet(done.path)
    assert table["error"].isna().tolist() == [True, False, True]
    assert table["error"][1].startswith("candidates must be numbers that the model can read")
    assert sorted(table["top_readings"][0]) == ["1", "12"]
    with pytest.raises(ValueError, match="candidates must be numbers that the model can read"):
        transcribe(paths, clf, tmp_path / "none", candidates=["3b"])


@pytest.mark.parametrize("kind", ["hdf5", "parquet"])
def test_file_of_pictures(
    reader: SVHNSequenceClassifier,
    model: Path,
    images: NDArray[np.uint8],
    folder: Path,
    client: Client,
    tmp_path: Path,
    kind: str,
) -> None:
    path = tmp_path / f"pictures.{kind}"
    if kind == "hdf5":
        with h5py.File(path, "w") as file:
            file["X"] = images
            file["y"] = np.zeros(len(images))
    else:
        contents = [p.read_bytes() for p in sorted(folder.rglob("*.png"), key=lambda p: p.name)]
        column = pa.array([{"bytes": content, "path": None} for content in contents])
        pq.write_table(pa.table({"image": column, "label": [0] * 200}), path, row_group_size=30)
    done = transcribe(path, model, tmp_path / "out", client=client, partition_size=64)
    table = pd.read_parquet(done.path)
    assert table["row"].tolist() == list(range(N_PICTURES))
    assert_same(table, read_in_this_process(reader, folder, 64).drop(columns="path"))


def test_digits_and_rejection(folder: Path, client: Client, tmp_path: Path) -> None:
    X, y = bar_numbers(96)
    clf = SVHNCNNClassifier(channels=((4,),), max_epochs=2, random_state=0)
    clf.fit(X, np.array([int(number[0]) for number in y]))
    paths = sorted(folder.glob("*.png"))
    labels, sure = clf.read(paths, return_confidence=True)
    done = transcribe(
        paths, clf, tmp_path / "out", min_confidence=float(np.median(sure)), client=client
    )
    table = pd.read_parquet(done.path)
    assert table["top_readings"].str[0].tolist() == list(map(str, labels))
    assert (table["confidence"] == sure).all()
    assert (table["reading"].notna() == (sure >= np.median(sure))).all()
    with pytest.raises(ValueError, match="which reads single digits"):
        transcribe(paths, clf, tmp_path / "none", candidates=["1"])


def test_worker_that_is_killed(
    reader: SVHNSequenceClassifier, model: Path, folder: Path, client: Client, tmp_path: Path
) -> None:
    arguments: Any = {"client": client, "partition_size": 2}
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(transcribe, folder, model, tmp_path / "out", **arguments)
        wait_for_parts(tmp_path / "out", 3)
        victim = min(client.run(os.getpid).values())
        os.kill(victim, signal.SIGKILL)
        assert not running.done()
        assert running.result(PATIENCE) == (tmp_path / "out", N_PICTURES, 0)
    assert_same(pd.read_parquet(tmp_path / "out"), read_in_this_process(reader, folder, 2))
    client.wait_for_workers(2, PATIENCE)
    assert victim not in client.run(os.getpid).values()


SCRIPT = """
import sys
from sksvhn import transcribe

if __name__ == "__main__":
    transcribe(*sys.argv[1:], whole=True, n_workers=1, partition_size=2)
"""


def test_whole_job_that_is_killed(
    reader: SVHNSequenceClassifier, model: Path, folder: Path, client: Client, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    script = tmp_path / "job.py"
    script.write_text(SCRIPT)
    printed = tmp_path / "printed.txt"
    with printed.open("w") as stream:
        job = subprocess.Popen(
            [sys.executable, "-W", "error", script, folder, model, out],
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
    wait_for_parts(out, 3, job, printed)
    workers = psutil.Process(job.pid).children(recursive=True)
    assert printed.read_text() == ""
    job.kill()
    job.wait(PATIENCE)
    assert psutil.wait_procs(workers, PATIENCE)[1] == []
    # A worker that was just sending to the job may log that nobody is there; Dask writes this.
    assert re.match(r"$|\S+ \S+ - distributed\.\w+ - ", printed.read_text())
    n_there = len(list(out.glob("*.parquet")))
    assert 3 <= n_there < N_PICTURES // 2

    done = transcribe(str(folder), model, out, client=client, partition_size=2)
    assert done == (out, N_PICTURES, 0)
    assert_same(pd.read_parquet(out), read_in_this_process(reader, folder, 2))


def wait_for_parts(
    out: Path, n: int, job: subprocess.Popen[bytes] | None = None, printed: Path | None = None
) -> None:
    end = time.monotonic() + PATIENCE
    while len(list(out.glob("*.parquet"))) < n:
        assert time.monotonic() < end
        assert job is None or job.poll() is None, printed and printed.read_text()
        time.sleep(0.002)


def test_what_it_needs_is_said(
    model: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sksvhn.transcription._transcribe, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"needs distributed.* pip install 'sksvhn\[dask\]'"):
        transcribe(folder, model, tmp_path)


def test_arguments_that_cannot_be(model: Path, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="at least one picture; got none in"):
        transcribe(tmp_path / "empty", model, out)
    with pytest.raises(ValueError, match="must be left out if client is given"):
        transcribe(folder, model, out, client="tcp://127.0.0.1:1", n_workers=2)
    with pytest.raises(TypeError, match="model must be a file"):
        transcribe(folder, [], out)
    for name in ("partition_size", "n_workers"):
        with pytest.raises(ValueError, match=f"{name} == 0"):
            transcribe(folder, model, out, **{name: 0})
    assert not out.exists()


# Photographs whose numbers are looked for


@pytest.fixture
def photos(images: NDArray[np.uint8], tmp_path: Path) -> Path:
    """Two numbers in a photograph, none, a damaged file, one number."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, shown in (("a", images[:2]), ("b", []), ("d", images[2:3])):
        Image.fromarray(street(shown)).save(folder / f"{name}.png")
    (folder / "c.png").write_bytes(b"")
    return folder


@pytest.fixture
def finder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """File of a locator of the tests', which this process and its threads can load."""
    path = tmp_path / "finder.sksvhn"
    path.write_bytes(b"finder")
    load = sksvhn.load

    def load_finder(model: Path) -> Any:
        return Finder() if Path(model).read_bytes() == b"finder" else load(model)

    monkeypatch.setattr("sksvhn.estimators.load", load_finder)
    return path


def test_numbers_are_found(
    reader: SVHNSequenceClassifier, photos: Path, finder: Path, tmp_path: Path
) -> None:
    expected = sksvhn.read(photos, reader=reader, locator=Finder(), min_confidence=0.01, all=True)
    expected = expected[expected["rejected"].isna()].reset_index(drop=True)
    arguments: Any = {"locator": finder, "min_confidence": 0.01, "partition_size": 3}
    with Client(processes=False, dashboard_address=":0", set_as_default=False) as client:
        done = sksvhn.transcribe(photos, reader, tmp_path / "out", client=client, **arguments)
    assert done == (tmp_path / "out", 4, 1)
    table = pd.read_parquet(done.path)
    assert list(table.columns)[-4:] == ["left", "top", "width", "height"]
    names = [Path(path).stem for path in table["path"]]
    assert names == [*[Path(path).stem for path in expected["picture"][:-1]], "b", "c", "d"]
    read = table[table["reading"].notna()].reset_index(drop=True)
    assert read["reading"].tolist() == expected["number"].tolist()
    for name in ("confidence", "left", "top", "width", "height"):
        np.testing.assert_allclose(read[name], expected[name], rtol=1e-5)
    np.testing.assert_allclose(read["top_probability"].str[0], read["confidence"])
    rest = table[table["reading"].isna()]
    assert rest["error"].notna().tolist() == [False, True]
    assert rest[["confidence", "left", "height"]].isna().all(axis=None)
    # Counted again from the files; and pictures that are read whole are other inputs.
    assert sksvhn.transcribe(photos, reader, done.path, **arguments) == done
    arguments["locator"] = None
    with pytest.raises(ValueError, match=r"\(different: locator\)"):
        sksvhn.transcribe(photos, reader, done.path, whole=True, **arguments)


def test_locator_without_anything_to_locate(model: Path, photos: Path, tmp_path: Path) -> None:
    table = pd.DataFrame({"path": ["a.png"], "left": 1, "top": 1, "width": 9, "height": 9})
    for source, whole in ((photos, True), (table, False)):
        with pytest.raises(ValueError, match="locator must be left out if no numbers are looked"):
            sksvhn.transcribe(source, model, tmp_path / "out", locator=model, whole=whole)
    with pytest.raises(TypeError, match="locator must be a fitted NumberLocator"):
        sksvhn.transcribe(photos, model, tmp_path / "out", locator=model)
    with pytest.raises(TypeError, match="locator must be a file that save wrote"):
        sksvhn.transcribe(photos, model, tmp_path / "out", locator=[])
