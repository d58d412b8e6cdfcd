from __future__ import annotations

import errno
import hashlib
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pooch
import pytest
from scipy.io import savemat
from sklearn.utils import Bunch

from sksvhn.datasets import (
    _cache,
    _download,
    _fetch,
    fetch_svhn,
    load_svhn_digits,
    load_svhn_numbers,
)

from .http_server import Answer, Server
from .svhn_files import NumberSet

NUMBERS = "/svhn/train.tar.gz"
DIGITS = "/svhn/train_32x32.mat"


def publish(patch: pytest.MonkeyPatch, name: tuple[str, str], path: Path) -> bytes:
    """Have a file's own sum be the published one."""
    content = path.read_bytes()
    known_hash = f"sha256:{hashlib.sha256(content).hexdigest()}"
    patch.setitem(_fetch._PUBLISHED, name, _download.PublishedFile(path.name, known_hash))
    return content


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def server() -> Iterator[Server]:
    with Server().running() as running:
        yield running


@pytest.fixture
def numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> Path:
    """An archive that the server has as well."""
    (tmp_path / "own").mkdir()
    made = NumberSet.generate(["19", "7", "0210"], color=True)
    path = made.write_archive(tmp_path / "own" / "train.tar.gz")
    server.answers[NUMBERS] = [Answer(publish(monkeypatch, ("numbers", "train"), path))]
    return path


@pytest.fixture
def digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> Path:
    (tmp_path / "own").mkdir(exist_ok=True)
    path = tmp_path / "own" / "train_32x32.mat"
    X = np.random.RandomState(0).randint(0, 256, (32, 32, 3, 4)).astype(np.uint8)
    savemat(path, {"X": X, "y": np.array([[1], [9], [2], [10]], np.uint8)})
    server.answers[DIGITS] = [Answer(publish(monkeypatch, ("digits", "train"), path))]
    return path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def options(server: Server, home: Path) -> dict[str, Any]:
    return {"data_home": home, "mirrors": f"{server.address}/svhn", "delay": 0}


def assert_equal(fetched: Bunch, loaded: Bunch) -> None:
    assert set(fetched) == set(loaded)
    assert fetched.images.dtype == np.uint8
    assert type(fetched.target) is type(loaded.target)
    np.testing.assert_array_equal(fetched.images, loaded.images)
    np.testing.assert_array_equal(fetched.target, loaded.target)
    pd.testing.assert_frame_equal(fetched.frame, loaded.frame)
    assert fetched.DESCR == loaded.DESCR
    if "skipped" in loaded:
        assert fetched.n_skipped == loaded.n_skipped
        pd.testing.assert_frame_equal(fetched.skipped, loaded.skipped)


def files_in(home: Path) -> list[str]:
    """Names of what lies in the folder; those of decoded data sets without their digest."""
    folder = home / "svhn"
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return sorted("decoded" if name.endswith(".joblib") else name for name in names)


def decoded_file(home: Path) -> Path:
    (path,) = (home / "svhn").glob("*.joblib")
    return path


# What is returned


def test_numbers(numbers: Path, options: dict[str, Any], home: Path) -> None:
    fetched = fetch_svhn(**options)
    assert_equal(fetched, load_svhn_numbers(numbers))
    assert type(fetched.images) is np.ndarray
    assert fetched.images.flags.writeable
    assert fetched.target.flags.writeable
    assert files_in(home) == ["decoded", "train.tar.gz"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_others_may_read_the_files(numbers: Path, options: dict[str, Any], home: Path) -> None:
    fetch_svhn(**options)
    (home / "own").write_bytes(b"")
    for path in (home / "svhn").iterdir():
        assert path.stat().st_mode == (home / "own").stat().st_mode


def test_digits(digits: Path, options: dict[str, Any], home: Path) -> None:
    assert_equal(fetch_svhn(format="digits", **options), load_svhn_digits(digits))
    assert files_in(home) == ["decoded", "train_32x32.mat"]


@pytest.mark.parametrize("format", ["numbers", "digits"])
def test_forms_of_the_answer(
    numbers: Path, digits: Path, options: dict[str, Any], format: str
) -> None:
    load = {"numbers": load_svhn_numbers, "digits": load_svhn_digits}[format]
    path = {"numbers": numbers, "digits": digits}[format]
    for form in ({"return_X_y": True}, {"return_X_y": True, "as_frame": True}):
        images, target = fetch_svhn(format=format, **form, **options)
        expected_images, expected_target = load(path, **form)
        np.testing.assert_array_equal(images, expected_images)
        assert type(target) is type(expected_target)
        np.testing.assert_array_equal(target, expected_target)
    data = fetch_svhn(format=format, as_frame=True, **options)
    assert isinstance(data.target, pd.Series)
    data.target.iloc[0] = data.target.iloc[1]
    assert_equal(fetch_svhn(format=format, **options), load(path))


def test_later_calls_neither_download_nor_decode(
    numbers: Path, options: dict[str, Any], home: Path, server: Server
) -> None:
    first = fetch_svhn(**options)
    first.images[:] = 0
    (home / "svhn" / "train.tar.gz").unlink()
    again = fetch_svhn(download_if_missing=False, **options)
    assert_equal(again, load_svhn_numbers(numbers))
    assert again.images.flags.writeable
    assert server.requests == [NUMBERS]


@pytest.mark.parametrize(
    "changed",
    [
        {"image_size": (32, 64)},
        {"image_size": [32, 64]},
        {"color": "grey"},
        {"color": "rgb"},
        {"crop": "square"},
        {"margin": 0},
        {"on_error": "skip"},
    ],
    ids=str,
)
def test_every_option_is_decoded_by_itself(
    numbers: Path, options: dict[str, Any], server: Server, changed: dict[str, Any]
) -> None:
    fetch_svhn(**options)
    for _ in range(2):
        assert_equal(fetch_svhn(**changed, **options), load_svhn_numbers(numbers, **changed))
    assert_equal(fetch_svhn(**options), load_svhn_numbers(numbers))
    assert server.requests == [NUMBERS]


def test_another_published_file_is_decoded_anew(
    numbers: Path, options: dict[str, Any], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch_svhn(**options)
    NumberSet.generate(["3"]).write_archive(numbers)
    publish(monkeypatch, ("numbers", "train"), numbers)
    shutil.copy(numbers, home / "svhn")
    assert fetch_svhn(**options).target.tolist() == ["3"]


def test_a_file_put_there_is_used(numbers: Path, options: dict[str, Any], home: Path) -> None:
    (home / "svhn").mkdir(parents=True)
    shutil.copy(numbers, home / "svhn")
    options["mirrors"] = "http://127.0.0.1:1"
    assert_equal(fetch_svhn(download_if_missing=False, **options), load_svhn_numbers(numbers))


def test_memory_map(numbers: Path, options: dict[str, Any]) -> None:
    expected = load_svhn_numbers(numbers)
    for _ in range(2):
        data = fetch_svhn(mmap_mode="r", **options)
        assert isinstance(data.images, np.memmap)
        assert not data.images.flags.writeable
        assert data.target.flags.writeable
        assert_equal(data, expected)


def test_skipped_pictures_are_warned_of_each_time(
    numbers: Path, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    made = NumberSet.generate(["12", "5", "8"])
    made.files["2.png"] = b"no picture"
    made.write_archive(numbers)
    server.answers[NUMBERS] = [Answer(publish(monkeypatch, ("numbers", "train"), numbers))]
    with pytest.raises(ValueError, match=r"picture '2.png' .* on_error='skip'"):
        fetch_svhn(**options)
    messages = []
    for _ in range(2):
        with pytest.warns(UserWarning, match=r"left out 1 of 3 pictures") as record:
            assert fetch_svhn(on_error="skip", **options).target.tolist() == ["12", "8"]
        messages += [str(warning.message) for warning in record]
        assert {warning.filename for warning in record} == {__file__}
    assert messages[0] == messages[1]


def test_data_home_is_scikit_learns(
    digits: Path, options: dict[str, Any], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(home))
    fetch_svhn(format="digits", **options | {"data_home": None})
    assert files_in(home) == ["decoded", "train_32x32.mat"]


# Decoded files that are damaged


@pytest.mark.parametrize("damage", ["empty", "truncated", "pixel", "rest", "garbage", "other"])
def test_damaged_decoded_file_is_made_anew(
    numbers: Path, options: dict[str, Any], home: Path, damage: str
) -> None:
    fetch_svhn(**options)
    path = decoded_file(home)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    if damage == "pixel":
        content[middle] ^= 1
    elif damage == "rest":
        content[-200] ^= 1
    elif damage == "other":
        joblib.dump([1, 2], path)
        content = bytearray(path.read_bytes())
    else:
        content = {"empty": b"", "truncated": content[:middle], "garbage": b"<html>" * 9}[damage]
    path.write_bytes(content)
    assert_equal(fetch_svhn(**options), load_svhn_numbers(numbers))
    assert path.read_bytes() != content
    assert_equal(_cache.load_cached(path, None), load_svhn_numbers(numbers))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_truncated_memory_map_is_made_anew(
    digits: Path, options: dict[str, Any], home: Path, share: float
) -> None:
    fetch_svhn(format="digits", **options)
    path = decoded_file(home)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    data = fetch_svhn(format="digits", mmap_mode="r", **options)
    assert isinstance(data.images, np.memmap)
    assert_equal(data, load_svhn_digits(digits))


def test_two_at_once(numbers: Path, options: dict[str, Any], home: Path) -> None:
    results: list[Bunch] = []
    start = threading.Barrier(4)

    def fetch() -> None:
        start.wait()
        results.append(fetch_svhn(**options))

    threads = [threading.Thread(target=fetch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    for result in results:
        assert_equal(result, load_svhn_numbers(numbers))
    assert files_in(home) == ["decoded", "train.tar.gz"]


def test_answers_where_the_decoded_data_cannot_be_kept(
    numbers: Path, options: dict[str, Any], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dump(value: object, path: Path) -> None:
        path.write_bytes(b"a part")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_cache.joblib, "dump", dump)
    with pytest.warns(UserWarning, match="could not be saved in .*svhn \\(No space left") as record:
        data = fetch_svhn(mmap_mode="r", **options)
    assert record[0].filename == __file__
    assert_equal(data, load_svhn_numbers(numbers))
    assert files_in(home) == ["train.tar.gz"]


# Servers with faults


def assert_fails(
    options: dict[str, Any], reason: str, n_requests: int | None, server: Server
) -> None:
    """One sentence that names the file and the fault; and nothing is left behind."""
    with pytest.raises(OSError, match=r"train\.tar\.gz could not be downloaded: ") as caught:
        fetch_svhn(**options)
    assert f"{options['mirrors']}/ {reason}" in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert files_in(options["data_home"]) == []
    if n_requests is not None:
        server.wait_for(n_requests)  # of a client that was too impatient to wait for it
        assert len(server.requests) == n_requests


def page() -> Answer:
    return Answer(b"\n<!DOCTYPE html><html>Please log in.</html>", headers={"Content-Type": "text"})


@pytest.mark.parametrize(
    ("answer", "reason", "may_pass"),
    [
        (lambda content: Answer(status=404), "answered 404 Not Found", False),
        (lambda content: Answer(status=403), "answered 403 Forbidden", False),
        (lambda content: Answer(status=500), "answered 500 Internal Server Error", True),
        (lambda content: Answer(status=503), "answered 503 Service Unavailable", True),
        (lambda content: Answer(status=429), "answered 429 Too Many Requests", True),
        (lambda content: Answer(content, stall=-1), "sent nothing for 0.1 s", True),
        (lambda content: Answer(content, stall=0), "sent nothing for 0.1 s", True),
        (lambda content: Answer(content, stall=1000), "sent nothing for 0.1 s", True),
        (lambda content: Answer(content, cut=1000), "broke off the transfer", True),
        (
            lambda content: Answer(content, headers={"Content-Length": str(len(content) + 1)}),
            "broke off the transfer",
            True,
        ),
        (
            lambda content: Answer(content, headers={"Content-Length": "1000"}),
            "sent another file (SHA256 hash of downloaded file (train.tar.gz) does not match",
            False,
        ),
        (lambda content: Answer(content, headers={"Content-Length": "x"}), "sent another", False),
        (lambda content: Answer(content[:-1] + b"?"), "sent another file (SHA256", False),
        (lambda content: Answer(b""), "sent another file (SHA256", False),
        (lambda content: page(), "sent a web page instead", False),
        (
            lambda content: Answer(status=302, headers={"Location": NUMBERS}),
            "failed (TooManyRedirects: ",
            False,
        ),
    ],
)
def test_faults(
    numbers: Path,
    options: dict[str, Any],
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    answer: Any,
    reason: str,
    may_pass: bool,
) -> None:
    if "sent nothing" in reason:
        monkeypatch.setattr(_download, "TIMEOUT", 0.1)
    server.answers[NUMBERS] = [answer(numbers.read_bytes())]
    n_requests = None if "Redirects" in reason else 2 if may_pass else 1
    assert_fails(options | {"n_retries": 1}, reason, n_requests, server)


def test_dead_host(numbers: Path, options: dict[str, Any], server: Server) -> None:
    with socket.socket() as bound:  # but not listening
        bound.bind(("127.0.0.1", 0))
        options["mirrors"] = f"http://127.0.0.1:{bound.getsockname()[1]}"
        assert_fails(options, "cannot be reached", 0, server)


def test_host_that_does_not_speak_http(numbers: Path, options: dict[str, Any]) -> None:
    options["mirrors"] = "http://"
    with pytest.raises(OSError, match=r"train.tar.gz could not be downloaded: http:/+ failed"):
        fetch_svhn(**options)


def test_retries_wait_and_recover(
    numbers: Path, options: dict[str, Any], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(_download.time, "sleep", waits.append)
    content = numbers.read_bytes()
    server.answers[NUMBERS] = [Answer(status=500), Answer(content, cut=50), Answer(content)]
    data = fetch_svhn(**options | {"delay": 7.5, "n_retries": 2})
    assert_equal(data, load_svhn_numbers(numbers))
    assert waits == [7.5, 7.5]


def test_no_retry_when_none_is_wanted(
    numbers: Path, options: dict[str, Any], server: Server
) -> None:
    server.answers[NUMBERS] = [Answer(status=500)]
    assert_fails(options | {"n_retries": 0}, "answered 500", 1, server)


@pytest.mark.parametrize("fault", [Answer(status=404), Answer(status=500), page(), Answer(b"x")])
def test_second_mirror(
    numbers: Path, options: dict[str, Any], server: Server, fault: Answer
) -> None:
    server.answers["/bad/train.tar.gz"] = [fault]
    options["mirrors"] = [f"{server.address}/bad/", f"{server.address}/svhn/"]
    data = fetch_svhn(n_retries=1, **options)
    assert_equal(data, load_svhn_numbers(numbers))
    assert server.requests[-1] == NUMBERS


def test_all_mirrors_are_named(numbers: Path, options: dict[str, Any], server: Server) -> None:
    server.answers["/bad/train.tar.gz"] = [page()]
    options["mirrors"] = (f"{server.address}/none", f"{server.address}/bad")
    pattern = r"/none/ answered 404 Not Found; http\S+/bad/ sent a web page instead\. Try again"
    with pytest.raises(OSError, match=pattern):
        fetch_svhn(**options)


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip"])
def test_archive_declared_as_encoded(
    numbers: Path, options: dict[str, Any], server: Server, encoding: str
) -> None:
    headers = {"Content-Encoding": encoding}
    server.answers[NUMBERS] = [Answer(numbers.read_bytes(), headers=headers)]
    assert_equal(fetch_svhn(**options), load_svhn_numbers(numbers))


def test_redirected(numbers: Path, options: dict[str, Any], server: Server) -> None:
    server.answers["/old/train.tar.gz"] = [Answer(status=301, headers={"Location": NUMBERS})]
    options["mirrors"] = f"{server.address}/old"
    assert_equal(fetch_svhn(**options), load_svhn_numbers(numbers))


# Folders with faults


def test_not_there_and_not_to_be_downloaded(
    numbers: Path, options: dict[str, Any], server: Server
) -> None:
    with pytest.raises(OSError, match=r"train.tar.gz is not in .*svhn, and download_if_missing"):
        fetch_svhn(download_if_missing=False, **options)
    assert server.requests == []


def test_own_file_with_another_sum(
    numbers: Path, options: dict[str, Any], home: Path, server: Server
) -> None:
    own = home / "svhn" / "train.tar.gz"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"my own")
    digest = hashlib.sha256(b"my own").hexdigest()
    with pytest.raises(ValueError, match=f"it is a text file with the sha256 sum {digest}"):
        fetch_svhn(**options)
    assert own.read_bytes() == b"my own"
    assert server.requests == []


def test_full_disk(
    numbers: Path, options: dict[str, Any], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(self: object, url: str, output_file: str, *_: object) -> None:
        Path(output_file).write_bytes(b"a part")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", write)
    with pytest.raises(
        OSError, match=r"^train.tar.gz could not be saved because the disk of .*svhn is full"
    ) as c:
        fetch_svhn(**options | {"mirrors": [options["mirrors"]] * 2})
    assert c.value.__suppress_context__
    assert files_in(options["data_home"]) == []


def test_interrupted(
    numbers: Path, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(self: object, url: str, output_file: str, *_: object) -> None:
        Path(output_file).write_bytes(b"a part")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pooch.HTTPDownloader, "__call__", write)
        with pytest.raises(KeyboardInterrupt):
            fetch_svhn(**options)
    assert files_in(options["data_home"]) == []
    assert_equal(fetch_svhn(**options), load_svhn_numbers(numbers))


def test_folder_is_a_file(numbers: Path, options: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    for home in (file, file / "home"):
        with pytest.raises(OSError, match=r"data_home=.*file.* cannot be created") as c:
            fetch_svhn(**options | {"data_home": home})
        assert c.value.__suppress_context__
    home = tmp_path / "other"
    home.mkdir()
    (home / "svhn").write_bytes(b"")
    with pytest.raises(OSError, match=r"train.tar.gz could not be saved in .*svhn: .*data_home"):
        fetch_svhn(**options | {"data_home": home})


def test_folder_in_place_of_the_file(numbers: Path, options: dict[str, Any], home: Path) -> None:
    (home / "svhn" / "train.tar.gz").mkdir(parents=True)
    with pytest.raises(OSError, match=r"train.tar.gz cannot be read"):
        fetch_svhn(**options)


def test_read_only_folder(
    numbers: Path, options: dict[str, Any], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deny(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "somewhere")

    # Tests may run as root, whom no mode of the folder would stop.
    monkeypatch.setattr(pooch.utils.tempfile, "NamedTemporaryFile", deny)
    (home / "svhn").mkdir(parents=True)
    with pytest.raises(
        OSError, match=r"train.tar.gz could not be saved in .*svhn: Permission denied; pass"
    ):
        fetch_svhn(**options)


# What is said on the way


@pytest.mark.parametrize("fault", [[], [Answer(status=500)]])
def test_verbose(
    numbers: Path,
    options: dict[str, Any],
    server: Server,
    capfd: pytest.CaptureFixture[str],
    fault: list[Answer],
) -> None:
    server.answers[NUMBERS] = fault + server.answers[NUMBERS]
    fetch_svhn(verbose=1, **options)
    out, err = capfd.readouterr()
    assert out == ""
    assert f"[fetch_svhn] downloading {server.address}{NUMBERS}" in err
    assert "100%" in err
    assert "3/3" in err
    assert ("answered 500" in err) == bool(fault)


def test_silent_and_leaves_the_logger_alone(
    numbers: Path, options: dict[str, Any], server: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    logger = pooch.get_logger()
    before = (logger.level, list(logger.handlers), list(logger.filters), logger.disabled)
    server.answers[NUMBERS] = [Answer(status=500), *server.answers[NUMBERS]]
    fetch_svhn(**options)
    with pytest.raises(OSError, match="answered 404"):
        fetch_svhn(subset="extra", **options)
    assert capfd.readouterr() == ("", "")
    assert before == (logger.level, logger.handlers, logger.filters, logger.disabled)


# Parameters


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"format": "letters"}, "'format' parameter"),
        ({"subset": "validation"}, "'subset' parameter"),
        ({"mirrors": "ftp://example.org/"}, "start with http:// or https://; got 'ftp"),
        ({"mirrors": ["http://localhost", None]}, "got None"),
        ({"mirrors": []}, "at least one address"),
        ({"n_retries": -1}, "'n_retries' parameter"),
        ({"delay": -1.0}, "'delay' parameter"),
        ({"mmap_mode": "w+"}, "'mmap_mode' parameter"),
        ({"image_size": (0, 5)}, "two positive integers"),
        (
            {"format": "digits", "image_size": (54, 54)},
            r"must be left out with format='digits'.*\(54, 54\)",
        ),
        ({"format": "digits", "crop": "square"}, "must be left out with format='digits'"),
        ({"format": "digits", "margin": 0.5}, "must be left out with format='digits'"),
    ],
    ids=str,
)
def test_wrong_parameters(
    options: dict[str, Any], home: Path, server: Server, wrong: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        fetch_svhn(**options | wrong)
    assert server.requests == []
    assert not home.exists()


def test_published_files() -> None:
    lengths = {"sha256": 64, "md5": 32}
    files = _fetch._PUBLISHED
    assert len(files) == len({file.known_hash for file in files.values()}) == 6
    for (format, subset), file in files.items():
        ending = {"numbers": ".tar.gz", "digits": "_32x32.mat"}[format]
        assert file.filename == subset + ending
        algorithm, digest = file.known_hash.split(":")
        assert len(bytes.fromhex(digest)) * 2 == lengths[algorithm]
