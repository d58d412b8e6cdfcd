"""Files that a stranger changed: refused in one sentence, or models that do no harm.

``SKSVHN_TAMPERED_FILES`` is how many are made of each kind and model, a few by default; 4000 take
some minutes.
"""

from __future__ import annotations

import copy
import json
import os
import random
import sys
import time
import tracemalloc
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sksvhn
from sksvhn import (
    Architecture,
    PositionwiseClassifier,
    SVHNCNNClassifier,
    SVHNLogisticRegression,
    SVHNMLPClassifier,
    SVHNSequenceClassifier,
)
from sksvhn._files._model_file import read_file, write_file

from ._pictures import bar_numbers

N_FILES = int(os.environ.get("SKSVHN_TAMPERED_FILES", "12"))
# Beside a multiple of the file: what Python's and torch's allocators take at a time.
CONSTANT, MULTIPLE = 2**25, 40
SECONDS = 10

# Of Python's audit events: what loading a model has no reason for.
FORBIDDEN = (
    "exec",
    "compile",
    "import",
    "os.",
    "pty.",
    "shutil.",
    "socket.",
    "subprocess.",
    "ctypes.",
    "pickle.",
    "marshal.",
    "urllib.",
    "webbrowser.",
)

_watched: list[str] | None = None


def _watch(event: str, args: tuple[Any, ...]) -> None:
    if _watched is None:
        return
    writes = event == "open" and (args[1] or "r") not in ("r", "rb")
    # importlib.metadata lists folders, to find out the versions that are installed.
    if writes or (event.startswith(FORBIDDEN) and event not in ("os.listdir", "os.scandir")):
        _watched.append(f"{event} {args!r:.200}")


# It cannot be taken away again, but does nothing while nothing is watched.
sys.addaudithook(_watch)


@contextmanager
def watched() -> Iterator[list[str]]:
    """List what happens that should not."""
    global _watched
    _watched = events = []
    try:
        yield events
    finally:
        _watched = None


def _models() -> dict[str, Any]:
    X, y = bar_numbers(24, size=8, random_state=1)
    digits = np.array([int(number[0]) for number in y])
    padded = np.array([[*map(int, number), 10][:2] for number in y])
    of_numbers = {"max_epochs": 1, "channels": ((4,),), "random_state": 0, "augmentation": 1.0}
    forest = np.random.RandomState(3)
    return {
        "strings": SVHNSequenceClassifier(**of_numbers, alphabet="0123").fit(X, y),
        "tiles": SVHNSequenceClassifier(
            **of_numbers,
            architecture=Architecture(head="tiles", blank_class=True, stem=None),
            hidden_layer_sizes=(3,),
        ).fit(X, padded),
        "integers": SVHNSequenceClassifier(
            **of_numbers, architecture=Architecture(head="dense")
        ).fit(X, np.array([int(f"1{number}") for number in y])),
        "cnn": SVHNCNNClassifier(
            max_epochs=1,
            channels=((4,), (3,)),
            architecture=Architecture(stem=(3, 2)),
            random_state=forest,
        ).fit(X, np.array(["a", "b", "cd", "e"])[digits]),
        "mlp": SVHNMLPClassifier(
            max_epochs=1, hidden_layer_sizes=(3,), normalization="group", class_weight={0: 2.0}
        ).fit(X, digits),
        "pixels": SVHNLogisticRegression().fit(X, digits),
        "hog": SVHNLogisticRegression(features="hog").fit(X, digits > 1),
        "positionwise": PositionwiseClassifier(SVHNLogisticRegression()).fit(X, y),
    }


@pytest.fixture(scope="module")
def models() -> dict[str, Any]:
    return _models()


MODELS = (
    "strings",
    "tiles",
    "integers",
    "cnn",
    "mlp",
    "pixels",
    "hog",
    "positionwise",
)

Document = dict[str, Any]
Arrays = dict[str, Any]


def outcome(path: Path, original: Any, *, identical: bool) -> tuple[str, int, float]:
    """Load a file and say what came of it, the memory that took and the seconds.

    A model has to predict, and where `identical` what the original predicts.
    """
    X = bar_numbers(2, size=8)[0]
    limit = CONSTANT + MULTIPLE * path.stat().st_size
    _forget_peak()
    before = _resident("VmRSS")
    tracemalloc.start()
    start = time.process_time()  # of this process, whatever else runs
    clf = None
    try:
        with warnings.catch_warnings(), watched() as events:
            warnings.simplefilter("ignore")
            clf = sksvhn.load(path)
        said = type(clf).__name__
    except ValueError as error:
        said = "refused"
        check_sentence(str(error).removeprefix(str(path)), error)
    finally:
        seconds = time.process_time() - start
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert not events
    peak = max(peak, _resident("VmHWM") - before)
    assert peak < limit, f"{peak:,} bytes for a file of {path.stat().st_size:,}"
    assert seconds < SECONDS
    if clf is None:
        return said, peak, seconds
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        if identical:
            assert type(clf) is type(original)
            params, expected = (
                {k: v for k, v in estimator.get_params(deep=False).items() if k != "random_state"}
                for estimator in (clf, original)
            )
            assert repr(params) == repr(expected)
            np.testing.assert_array_equal(clf.predict(X), original.predict(X))
            for found, expected in zip(
                clf.predict_proba(X), original.predict_proba(X), strict=True
            ):
                np.testing.assert_array_equal(found, expected)
            return "the same model", peak, seconds
        for method in ("predict", "predict_proba"):
            try:
                getattr(clf, method)(X)
            except ValueError:
                said += ", which refuses pictures"
                break
    assert _resident("VmHWM") - before < 2**29
    return said, peak, seconds


def check_sentence(message: str, error: ValueError) -> None:
    """One line, and no other error shown before it."""
    assert message.isprintable(), message
    assert 20 < len(message) < 500, message
    assert error.__cause__ is None, message
    assert error.__suppress_context__ or error.__context__ is None, message


def _resident(name: str) -> int:
    """Bytes in memory, now or at most; 0 where the system does not say."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    (line,) = (line for line in status.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024


def _forget_peak() -> None:
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5")


# Damage: bytes that no longer are what was written.


def damaged(content: bytes, rng: random.Random) -> Iterator[tuple[str, bytes]]:
    """Change bytes, without mending the digest; without end."""
    header_end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:header_end])
    tensors = [entry for name, entry in header.items() if name != "__metadata__"]
    ends = sorted({header_end + offset for entry in tensors for offset in entry["data_offsets"]})
    systematic: list[tuple[str, bytes]] = [
        *((f"cut at {end}", content[:end]) for end in {*range(12), *ends, header_end} if end),
        *((f"cut behind {end}", content[: end + 1]) for end in ends[:-1]),
        ("empty", b""),
        ("longer", content + b"\0"),
        ("twice", content * 2),
        *(
            (f"header of {length} bytes", length.to_bytes(8, "little") + content[8:])
            for length in (0, 1, header_end, len(content), 2**26, 2**31, 2**40, 2**63, 2**64 - 1)
        ),
        ("a pickle", b"\x80\x04\x95" + content[3:]),
        ("a pickle of code", b"cos\nsystem\n(S'echo'\ntR." + content),
        ("compressed", b"x\x9c" + content[2:]),
    ]
    for entry in tensors:
        for key, value in (
            ("shape", entry["shape"][::-1]),
            ("shape", [*entry["shape"], 1]),
            ("shape", [2**63]),
            ("shape", [2**32, 2**32]),
            ("shape", [0]),
            ("shape", [0, 2**63]),
            ("shape", [1] * 100),
            ("dtype", "I32"),
            ("dtype", "BF16"),
            ("dtype", "F8_E4M3"),
            ("dtype", "C64"),
            ("dtype", "F64"),
            ("data_offsets", [0, 2**63]),
            ("data_offsets", [5, 1]),
        ):
            if entry[key] != value:
                changed = copy.deepcopy(header)
                name = next(name for name in header if header[name] is entry)
                changed[name][key] = value
                systematic.append((f"{name} {key} {value}", _with_header(content, changed)))
    rng.shuffle(systematic)
    positions = list(range(8, header_end))
    rng.shuffle(positions)
    random_ones = _random_damage(content, header_end, rng)
    of_header = iter(positions)
    while True:
        for source in (iter(systematic), random_ones):
            entry = next(source, None)
            if entry:
                yield entry
        systematic = systematic[1:]
        for position in (next(of_header, None), next(of_header, None), next(of_header, None)):
            if position is not None:
                yield _flipped(content, position, rng)


def _random_damage(
    content: bytes, header_end: int, rng: random.Random
) -> Iterator[tuple[str, bytes]]:
    while True:
        position = rng.randrange(header_end, len(content))
        yield _flipped(content, position, rng)
        yield _flipped(content, rng.randrange(8), rng)
        end = rng.randrange(len(content))
        yield f"cut at {end}", content[:end]
        start = rng.randrange(len(content))
        end = min(len(content), start + rng.randrange(1, 64))
        yield f"{start} to {end} left out", content[:start] + content[end:]
        yield f"{start} to {end} twice", content[:end] + content[start:]


def _flipped(content: bytes, position: int, rng: random.Random) -> tuple[str, bytes]:
    bits = rng.randrange(1, 256)
    changed = bytearray(content)
    changed[position] ^= bits
    return f"byte {position} xor {bits}", bytes(changed)


def _with_header(content: bytes, header: Any) -> bytes:
    text = json.dumps(header).encode()
    end = 8 + int.from_bytes(content[:8], "little")
    return len(text).to_bytes(8, "little") + text + content[end:]


# Forgery: other documents and arrays, with their own digest.


def _deep(n: int) -> Any:
    value: Any = []
    for _ in range(n):
        value = {"tuple": [value]}
    return value


_POSITION_OUT_OF_BOUNDS = {
    "RandomState": {
        "dict": [
            ["bit_generator", "MT19937"],
            ["state", {"dict": [["key", {"array": "key"}], ["pos", 10**6]]}],
            ["has_gauss", 0],
            ["gauss", 0.0],
        ]
    }
}
HOSTILE: list[Any] = [
    *(None, True, False, 0, -1, 1, 2, 3, 10, 255, 10**5, 10**9, 2**31, 2**63, 10**30, 10**4299),
    *(0.5, -0.0, 1.0, 2.0, 1e-300, 1e308, float("nan"), float("inf"), -float("inf")),
    *("", "a", "0", "T", "O", "U9999", "../../etc/passwd", "/dev/zero", "__class__", "cuda:99"),
    *("\x1b[2J\n", "\ud800", "9" * 5000, "lambda: 0", "file:///etc/passwd", "balanced", "hog"),
    *([], [[]], [1, 2], ["a"], {}, {"tuple": []}, {"tuple": [1, 2, 3]}, {"tuple": [10**9] * 3}),
    *({"dict": []}, {"dict": [[1]]}, {"dict": [[[], 1]]}, {"dict": [["a", 1], ["a", 2]]}),
    *({"array": "nowhere"}, {"array": 3}, {"array": []}, {"characters": "nowhere"}),
    *({"objects": [None]}, {"objects": ["a", 1]}, {"objects": [[]]}, {"strings": ["x", "y"]}),
    *({"strings": [1]}, {"strings": ["\ud800"]}, {"RandomState": {"dict": []}}),
    *({"__reduce__": ["os.system", "id"]}, {"array": "x", "tuple": []}, {"pickle": "gASVCg=="}),
    *(_deep(20), _deep(150), [0] * 5000, [[]] * 5000, {"tuple": ["ab"] * 5000}),
    {"class": "SVHNLogisticRegression", "params": {}, "fitted": {}},
    _POSITION_OUT_OF_BOUNDS,
]
NAMES = (
    *("predict", "fit", "__class__", "__dict__", "__init__", "__reduce__", "__setstate__", "_kept"),
    *("callbacks", "checkpoint_dir", "_check_state", "save", "_restored", "module_", "pipeline_"),
    *("classes_", "estimator", "_net", "n_features_in_", "feature_names_in_", "", "\ud800"),
    *("../x", "_estimators", "history_", "random_state", "sparsify", "temperatures_", "_codec"),
)
CLASSES = (
    *("DummyClassifier", "load", "object", "type", "__import__", "os.system", "NumberReader"),
    *("_saving", "../SVHNCNNClassifier", "sksvhn.SVHNCNNClassifier", "LogisticRegression", ""),
    *("SVHNSequenceClassifier", "SVHNCNNClassifier", "SVHNMLPClassifier", "Pipeline"),
    *("SVHNLogisticRegression", "PositionwiseClassifier", "NeuralEstimator", "DigitClassifier"),
)


def _nodes(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Places of all values in a document."""
    yield place
    if isinstance(value, (dict, list)):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _nodes(item, (*place, key))


def _at(document: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        document = document[key]
    return document


def _put(document: Document, place: tuple[Any, ...], value: Any) -> Document:
    if not place:
        return value
    _at(document, place[:-1])[place[-1]] = value
    return document


def _entry(document: Document, *names: str) -> tuple[Any, ...]:
    """Place of an entry in dicts within dicts, which are lists of pairs."""
    place: tuple[Any, ...] = ("estimator",)
    for name in names:
        pairs = _at(document, (*place, "dict"))
        place = (*place, "dict", [key for key, _ in pairs].index(name), 1)
    return place


def _set(document: Document, *names: str, to: Any) -> None:
    _put(document, _entry(document, *names), to)


def forged(
    document: Document, arrays: Arrays, rng: random.Random
) -> Iterator[tuple[str, Document, Arrays]]:
    """Change what a file says, without end."""
    changes: list[Callable[..., Iterator[tuple[str, Document, Arrays]]]] = [
        _replaced,
        _changed_array,
        _changed_entries,
        _absurd,
    ]
    endless = [change(document, arrays, rng) for change in changes]
    while True:
        # Values are what there are most of.
        for source in (endless[0], endless[1], endless[0], endless[2], endless[0], endless[3]):
            yield next(source)


def _replaced(
    document: Document, arrays: Arrays, rng: random.Random
) -> Iterator[tuple[str, Document, Arrays]]:
    every = [(place, value) for place in _nodes(document) for value in HOSTILE]
    while True:
        rng.shuffle(every)
        for place, value in every:
            changed = _put(copy.deepcopy(document), place, copy.deepcopy(value))
            extra = {"key": np.zeros(624, np.uint32)} if value is _POSITION_OUT_OF_BOUNDS else {}
            yield f"{place} = {value!r:.80}", changed, arrays | extra
        # Then two at a time.
        for _ in range(len(every)):
            changed, said = copy.deepcopy(document), []
            for place, value in rng.sample(every, 2):
                try:
                    changed = _put(changed, place, copy.deepcopy(value))
                except (IndexError, KeyError, TypeError):
                    continue  # within what the first replaced
                said.append(f"{place} = {value!r:.80}")
            yield " and ".join(said), changed, arrays


def _changed_array(
    document: Document, arrays: Arrays, rng: random.Random
) -> Iterator[tuple[str, Document, Arrays]]:
    ways: dict[str, Callable[[Any], Any]] = {
        "transposed": lambda a: a.T,
        "flat": lambda a: a.reshape(-1),
        "with an axis": lambda a: a[None],
        "empty": lambda a: a[..., :0] if a.ndim else a.reshape(1)[:0],
        "a scalar": lambda a: a.reshape(-1)[0],
        "cut": lambda a: a[:-1] if a.ndim else a,
        "doubled": lambda a: np.concatenate([a.reshape(-1)] * 2),
        "of another sign": lambda a: ~a if a.dtype.kind in "bui" else -a,
        "of NaN": lambda a: np.full_like(a, np.nan if a.dtype.kind == "f" else 1),
        "of infinity": lambda a: np.full_like(a, np.inf if a.dtype.kind == "f" else 0),
        "huge": lambda a: np.full_like(a, 1e30 if a.dtype.kind == "f" else 111),
        "zero": np.zeros_like,
        "zeros of no size": lambda a: np.zeros((0, 2**40), np.float32),
        **{
            f"as {dtype}": (lambda a, dtype=dtype: a.astype(dtype))
            for dtype in ("f2", "f4", "f8", "i1", "i8", "u4", "u8", "?")
        },
    }
    every = [(name, way) for name in arrays for way in (*ways, "gone", "renamed", "swapped")]
    while True:
        rng.shuffle(every)
        for name, way in every:
            changed = dict(arrays)
            array = changed.pop(name)
            if way == "renamed":
                changed["x"] = array
            elif way == "swapped":
                other = rng.choice(list(arrays))
                changed[name], changed[other] = arrays[other], array
            elif way != "gone":
                with np.errstate(all="ignore"), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    changed[name] = np.array(ways[way](array))
            if rng.random() < 0.1:
                changed["unasked"] = np.zeros(3)
            yield f"{name} {way}", document, changed


def _changed_entries(
    document: Document, arrays: Arrays, rng: random.Random
) -> Iterator[tuple[str, Document, Arrays]]:
    dicts = [place for place in _nodes(document) if place and place[-1] == "dict"]
    while True:
        place = rng.choice(dicts)
        changed = copy.deepcopy(document)
        pairs = _at(changed, place)
        way = rng.choice(["dropped", "added", "renamed", "twice", "class"])
        if way == "class":
            descriptions = [
                p for p in dicts if any(pair[0] == "class" for pair in _at(document, p))
            ]
            pairs = _at(changed, rng.choice(descriptions))
            name: Any = rng.choice(CLASSES)
            next(pair for pair in pairs if pair[0] == "class")[1] = name
        elif way == "added":
            name = rng.choice([*NAMES, None, 5])
            pairs.append([name, copy.deepcopy(rng.choice(HOSTILE))])
        elif pairs:
            index = rng.randrange(len(pairs))
            name = pairs[index][0]
            if way == "dropped":
                del pairs[index]
            elif way == "renamed":
                pairs[index][0] = rng.choice(NAMES)
            else:
                pairs.append([name, copy.deepcopy(rng.choice(HOSTILE))])
        else:
            continue
        yield f"{place} {name!r} {way}", changed, arrays


def _absurd(
    document: Document, arrays: Arrays, rng: random.Random
) -> Iterator[tuple[str, Document, Arrays]]:
    """Values that fit each other, but nothing that there is."""
    names = [key for key, _ in _at(document, (*_entry(document, "fitted"), "dict"))]
    config: Callable[[str], tuple[str, ...]] = lambda key: ("fitted", "_config", key)  # noqa: E731
    layers: Callable[[str], tuple[str, ...]] = lambda key: (*config("architecture"), key)  # noqa: E731
    while True:
        changed = copy.deepcopy(document)
        n = rng.choice([0, 1, 3, 9, 300, 10**4, 10**5, 10**6, 10**9, 2**31, 2**62, 2**63, 10**40])
        m = rng.choice([1, n, 8])
        said = f"{n} by {m}: "
        way = rng.choice(["size", "input", "length", "alphabet", "layers", "versions", "nested"])
        if way == "size" and "image_shape_" in names:
            channels = rng.choice([1, 3])
            _set(changed, "fitted", "image_shape_", to={"tuple": [n, m, channels]})
            _set(changed, "fitted", "n_features_in_", to=n * m * channels)
            if "_config" in names:
                _set(changed, "fitted", "_standardizer", "size", to={"tuple": [n, m]})
                _set(changed, *config("image_shape"), to={"tuple": [n, m, channels]})
                stem = {"tuple": [rng.choice([1, 3, 5]), rng.choice([n, m, 1])]}
                _set(changed, *layers("stem"), to=rng.choice([stem, None]))
        elif way == "input" and "_config" in names:
            _set(changed, "fitted", "_standardizer", "size", to={"tuple": [n, m]})
            _set(changed, *config("image_shape"), to={"tuple": [n, m, 1]})
        elif way == "length" and "_codec" in names:
            _set(changed, "fitted", "max_length_", to=n)
            _set(changed, "fitted", "_codec", "max_length", to=n)
            if "_config" in names:
                _set(changed, *config("max_length"), to=n)
                _set(changed, *config("blank_class"), to=rng.choice([True, False]))
                _set(changed, *layers("head"), to=rng.choice(["tiles", "dense", "attention"]))
                width = rng.choice([n, 8])
                _set(changed, "fitted", "_standardizer", "size", to={"tuple": [8, width]})
                _set(changed, *config("image_shape"), to={"tuple": [8, width, 1]})
            if "position_estimators_" in names:
                _set(changed, "fitted", "position_estimators_", to=[None] * min(n, 10**4))
        elif way == "alphabet" and "_codec" in names:
            alphabet = "".join(map(chr, range(48, 48 + min(n, 20_000))))
            _set(changed, "fitted", "alphabet_", to=alphabet)
            _set(changed, "fitted", "_codec", "alphabet", to=alphabet)
            if "_config" in names:
                _set(changed, *config("n_characters"), to=len(alphabet))
        elif way == "layers" and "_config" in names:
            _set(changed, *layers("hidden_layer_sizes"), to={"tuple": [n] * min(m, 1000)})
            _set(changed, *layers("kernel_size"), to={"tuple": [m]})
            _set(changed, *layers("channels"), to={"tuple": [{"tuple": [n] * min(m, 1000)}]})
        elif way == "versions":
            changed["versions"]["sksvhn"] = rng.choice(
                ["9" * m if m < 10**4 else "1", "1+a\n", "0.0.1", "99.0", "1" + ".0" * 3000, "\x1b"]
            )
            changed["format"] = rng.choice([n, 1, 2, 1.0, True])
            said += f"{changed['versions']['sksvhn']!r:.50} in format {changed['format']!r}"
        elif way == "nested":
            own = changed["estimator"]
            for _ in range(min(n, 60)):
                own = {
                    "dict": [
                        ["class", "PositionwiseClassifier"],
                        ["params", {"dict": [["estimator", own]]}],
                        ["fitted", {"dict": []}],
                    ]
                }
            changed["estimator"] = own
        else:
            continue
        yield said + way, changed, arrays


def _report(counts: Counter[str], peak: int, slowest: float) -> None:
    print(f"{sum(counts.values())} files: {dict(counts)}; {peak:,} bytes, {slowest:.2f} s at most")


@pytest.mark.parametrize("name", MODELS)
def test_damaged_files_are_refused_or_the_same_model(
    name: str, models: Any, tmp_path: Path
) -> None:
    path, rng = tmp_path / "model.sksvhn", random.Random(name)
    models[name].save(path)
    content = path.read_bytes()
    assert outcome(path, models[name], identical=True)[0] == "the same model"
    counts: Counter[str] = Counter()
    peak, slowest = 0, 0.0
    for (said, changed), _ in zip(damaged(content, rng), range(N_FILES), strict=False):
        path.write_bytes(changed)
        try:
            what, bytes_, seconds = outcome(path, models[name], identical=True)
        except BaseException as error:
            error.add_note(said)
            raise
        counts[what] += 1
        peak, slowest = max(peak, bytes_), max(slowest, seconds)
    assert counts["refused"] > 0.9 * N_FILES
    _report(counts, peak, slowest)


@pytest.mark.parametrize("name", MODELS)
def test_forged_files_do_no_harm(name: str, models: Any, tmp_path: Path) -> None:
    path, rng = tmp_path / "model.sksvhn", random.Random(name)
    models[name].save(path)
    document, arrays = read_file(path, "model")
    outcome(path, models[name], identical=True)  # which imports what it needs
    counts: Counter[str] = Counter()
    peak, slowest = 0, 0.0
    for (said, *forgery), _ in zip(forged(document, arrays, rng), range(N_FILES), strict=False):
        write_file(path, "model", *forgery)
        try:
            what, bytes_, seconds = outcome(path, models[name], identical=False)
        except BaseException as error:
            error.add_note(said)
            raise
        counts[what] += 1
        peak, slowest = max(peak, bytes_), max(slowest, seconds)
    assert counts["refused"] > 0.4 * N_FILES
    _report(counts, peak, slowest)
