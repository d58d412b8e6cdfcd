"""Download published files from mirrors with pooch, and verify their checksums."""

from __future__ import annotations

import errno
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .._files._file_kinds import kind_of_file

if TYPE_CHECKING:
    import requests

#: Seconds that a server may take to accept a connection, and between two pieces of a file.
TIMEOUT = 30.0

# Bytes written at a time; pooch's own 1024 would take two million turns for the largest file.
_CHUNK = 2**20

_FULL = (errno.ENOSPC, errno.EDQUOT)

# Statuses that may change by themselves, besides those of 500 and more.
_PASSING = (408, 425, 429)


class PublishedFile(NamedTuple):
    """A file on the mirrors."""

    filename: str
    #: "sha256:..." or "md5:...".
    known_hash: str


class Retries(NamedTuple):
    """How often a mirror that fails is asked again, and after how many seconds."""

    n_retries: int
    delay: float


def check_mirrors(mirrors: str | Sequence[str]) -> tuple[str, ...]:
    """Return HTTP addresses that a filename can be appended to, or raise ValueError."""
    addresses = (mirrors,) if isinstance(mirrors, str) else tuple(mirrors)
    for address in addresses:
        if not isinstance(address, str) or not address.startswith(("http://", "https://")):
            raise ValueError(
                f"mirrors must be addresses that start with http:// or https://; got {address!r}."
            )
    if not addresses:
        raise ValueError("mirrors must hold at least one address; got none.")
    return tuple(f"{address.rstrip('/')}/" for address in addresses)


def find_file(file: PublishedFile, folder: Path) -> Path | None:
    """Return the path of the file in `folder`, or None if it is missing.

    Raises ValueError if it is not the published file, and OSError if it cannot be read.
    """
    from pooch import file_hash

    path = folder / file.filename
    algorithm, expected = file.known_hash.split(":")
    try:
        if not path.exists():
            return None
        found = file_hash(str(path), alg=algorithm)
    except OSError as error:
        raise OSError(
            f"{path} cannot be read ({error.strerror}); remove it, or pass another folder as "
            "data_home."
        ) from None
    if found != expected:
        raise ValueError(
            f"{path} must be the published file; it is {kind_of_file(path).name} with the "
            f"{algorithm} sum {found}, not {expected}. Remove it to download the published one, or "
            "read your own file with load_svhn_numbers or load_svhn_digits."
        )
    return path


def download_file(
    file: PublishedFile, folder: Path, mirrors: Sequence[str], retries: Retries, *, verbose: int
) -> Path:
    """Download a file into `folder`, under its name only when complete and verified.

    `retries` is for mirrors that fail, not for those that lack the file; OSError if all do.
    """
    failures = []
    for mirror in mirrors:
        reason = _try_mirror(file, folder, mirror, retries, verbose)
        if reason is None:
            return folder / file.filename
        failures.append(f"{mirror} {reason}")
    raise OSError(
        f"{file.filename} could not be downloaded: {'; '.join(failures)}. Try again later, pass "
        f"other mirrors, or put the file into {folder} yourself."
    )


def _try_mirror(
    file: PublishedFile, folder: Path, mirror: str, retries: Retries, verbose: int
) -> str | None:
    """Download from one mirror; what it did last, as the rest of a sentence, if that failed."""
    n_left = retries.n_retries
    while True:
        failure = _try_once(file, folder, mirror, verbose)
        if failure is None:
            return None
        if verbose:
            print(f"[fetch_svhn] {mirror} {failure.reason}", file=sys.stderr)
        if not failure.may_pass or n_left == 0:
            return failure.reason
        n_left -= 1
        time.sleep(retries.delay)


class _Failure(NamedTuple):
    reason: str
    #: Whether it is worth to ask again.
    may_pass: bool


class _WebPageError(Exception):
    """A page came instead of a file."""


def _try_once(file: PublishedFile, folder: Path, mirror: str, verbose: int) -> _Failure | None:
    import pooch
    import requests

    http = pooch.HTTPDownloader(
        progressbar=verbose > 0,
        chunk_size=_CHUNK,
        timeout=TIMEOUT,
        headers={"Accept-Encoding": "identity"},
        hooks={"response": _keep_encoded},
    )

    def downloader(url: str, output_file: str, pooch: object) -> None:
        os.remove(output_file)  # pooch made it for its owner alone, but folders may be shared
        http(url, output_file, pooch)
        with open(output_file, "rb") as content:
            if content.read(512).lstrip().startswith(b"<"):
                raise _WebPageError

    if verbose:
        print(f"[fetch_svhn] downloading {mirror}{file.filename}", file=sys.stderr)
    try:
        with _quiet(pooch.get_logger()):
            pooch.retrieve(
                mirror + file.filename, file.known_hash, file.filename, folder, None, downloader
            )
    except requests.RequestException as error:
        return _network_failure(error)
    except _WebPageError:
        return _Failure("sent a web page instead", may_pass=False)
    except OSError as error:
        if error.errno in _FULL:
            raise OSError(
                f"{file.filename} could not be saved because the disk of {folder} is full; free "
                "space, or pass a folder on another disk as data_home."
            ) from None
        denied = isinstance(error, PermissionError)  # which pooch puts in its own words
        reason = "Permission denied" if denied else error.strerror or error
        raise OSError(
            f"{file.filename} could not be saved in {folder}: {reason}; pass another folder as "
            "data_home."
        ) from None
    except ValueError as error:
        # pooch names both sums.
        return _Failure(f"sent another file ({str(error).split('. ')[0]})", may_pass=False)
    return None


def _network_failure(error: requests.RequestException) -> _Failure:
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        status = error.response.status_code
        may_pass = status >= 500 or status in _PASSING
        return _Failure(f"answered {status} {error.response.reason}", may_pass)
    if isinstance(error, requests.Timeout) or "Read timed out" in str(error):
        return _Failure(f"sent nothing for {TIMEOUT:g} s", may_pass=True)
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return _Failure("broke off the transfer", may_pass=True)
    # SSLError and ProxyError, whose text says what to do, are kinds of ConnectionError.
    if type(error) is requests.ConnectionError:
        return _Failure("cannot be reached", may_pass=True)
    return _Failure(f"failed ({type(error).__name__}: {error})", may_pass=False)


def _keep_encoded(response: requests.Response, **_: Any) -> None:
    """Have an archive that is served as "gzip-encoded" stored as it was sent."""
    response.raw.headers.pop("Content-Encoding", None)


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Drop what this thread logs; other threads' messages and the logger's level stay."""
    thread = threading.get_ident()

    def is_others(record: logging.LogRecord) -> bool:
        return record.thread != thread

    logger.addFilter(is_others)
    try:
        yield
    finally:
        logger.removeFilter(is_others)
