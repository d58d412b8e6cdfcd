"""Measure the readers that come with the package on real pictures of several kinds.

They were trained on generated pictures alone, and no setting was chosen on the test numbers and
digits, so their figures are fair. Pictures without a number are scored at the confidence above
which 98 % of the test numbers are read right. ``--peer`` reads the same pictures, uncropped or
cropped by the same boxes, with rapidocr.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import photographs as whole
import torch
from measures import accuracy, coverage, milliseconds, share
from PIL import Image

import sksvhn
from sksvhn import SVHNSequenceClassifier
from sksvhn.datasets import (
    load_mnist,
    load_svhn_digits,
    load_svhn_h5,
    load_svhn_numbers,
    make_empty_surfaces,
)
from sksvhn.metrics import risk_coverage_curve
from sksvhn.preprocessing import load_image

# Left, top, right and bottom of the numbers on photographs, drawn by eye, as shares of the picture.
PHOTOGRAPHS = {
    "206__handwritten.jpg": (0.198, 0.332, 0.728, 0.559),
    "214__handwritten.jpg": (0.269, 0.502, 0.692, 0.773),
    "312__handwritten.jpg": (0.226, 0.292, 0.765, 0.658),
    "468__handwritten.jpg": (0.179, 0.211, 0.755, 0.697),
    "52__b.jpg": (0.176, 0.208, 0.816, 0.798),
    "56__a.jpg": (0.437, 0.398, 0.577, 0.572),
    "597__handwritten.jpg": (0.294, 0.351, 0.736, 0.667),
    "820__d.jpg": (0.393, 0.311, 0.824, 0.612),
    "950__handwritten.jpg": (0.294, 0.392, 0.582, 0.747),
}
MARGINS = (0.0, 0.3, 0.6)
N_WITHOUT_NUMBER = 2_000
N_TIMED = 256


def main() -> None:
    """Score, and print a JSON object."""
    options = parse_options()
    torch.set_num_threads(1)
    load = sksvhn.load if options.model.suffix else sksvhn.load_pretrained
    clf = load(str(options.model))
    results: dict[str, Any] = {"weights": sum(p.numel() for p in clf.module_.parameters())}
    test = load_svhn_numbers(options.data / "svhn" / "test.tar.gz", color="grey")
    results["test numbers"], threshold = on_crops(clf, test.images, test.target)
    results["originals"] = {
        f"margin {margin:g}": on_originals(clf, options.data / "originals", margin)
        for margin in MARGINS
    }
    results["buildings"] = {
        f"margin {margin:g}": on_buildings(clf, options.data, margin) for margin in MARGINS
    }
    results["photographs"] = {
        f"margin {margin:g}": on_photographs(clf, options.data / "photos", margin)
        for margin in MARGINS
    }
    surfaces = make_empty_surfaces(N_WITHOUT_NUMBER, color=False, random_state=12345)
    letters = load_mnist(options.data / "notmnist", subset="test").images
    letters = letters[np.ptp(letters, axis=(1, 2)) > 0][:N_WITHOUT_NUMBER]  # some are blank
    results[f"accepted at a confidence of {threshold:.4f}"] = {
        "surfaces": share(clf.confidence(surfaces) >= threshold),
        "letters A to J": share(clf.confidence(clf.crops(list(letters))) >= threshold),
    }
    timed = test.images[:N_TIMED]
    results["ms per crop, one thread"] = milliseconds(lambda: clf.predict(timed), N_TIMED)
    results["digits"] = on_digits(options.data / "svhn")
    if options.peer:
        results["rapidocr, digits"] = of_peer(options.data, test.frame)
    print(json.dumps(results, indent=2))


def on_crops(
    clf: SVHNSequenceClassifier, X: np.ndarray, y: np.ndarray
) -> tuple[dict[str, Any], float]:
    """Score on crops; also the confidence above which 98 % are right."""
    read, confidence = clf.predict(X, return_confidence=True)
    scores = of_readings(y, read, confidence)
    _, risk, thresholds = risk_coverage_curve(y, read, confidence)
    safe = np.flatnonzero(risk <= 0.02 + 1e-9)
    return scores, float(thresholds[safe[-1]]) if len(safe) else 1.0


def of_readings(y: np.ndarray, read: np.ndarray, confidence: np.ndarray) -> dict[str, Any]:
    """Shares that were read right, in all and by length, and the coverage at 98 %."""
    lengths = np.array([len(number) for number in y])
    return {
        "all": accuracy(y, read),
        **{f"length {n}": accuracy(y[lengths == n], read[lengths == n]) for n in (1, 2, 3)},
        "length 4 and more": accuracy(y[lengths > 3], read[lengths > 3]),
        "coverage at 98 %": coverage(y, read, confidence),
    }


def on_originals(clf: SVHNSequenceClassifier, folder: Path, margin: float) -> dict[str, Any]:
    """Score on whole pictures with the boxes of their digits, cropped with a margin."""
    data = load_svhn_numbers(folder, color="grey", margin=margin)
    return accuracy(data.target, clf.predict(data.images))


def on_buildings(clf: SVHNSequenceClassifier, data: Path, margin: float) -> dict[str, Any]:
    """Score on photographs with the box of a number of digits, cropped with a margin."""
    kind = whole.buildings(data)
    return accuracy(kind.numbers, clf.set_params(margin=margin).read(kind.paths, kind.boxes))


def on_photographs(clf: SVHNSequenceClassifier, folder: Path, margin: float) -> dict[str, str]:
    """Read photographs of nine numbers; the name of a file begins with its number."""
    pictures = [load_image(folder / name) for name in PHOTOGRAPHS]
    boxes = []
    for picture, edges in zip(pictures, PHOTOGRAPHS.values(), strict=True):
        left, top, right, bottom = np.array(edges) * (picture.shape[1::-1] * 2)
        boxes.append((left, top, right - left, bottom - top))
    read = clf.set_params(margin=margin).read(pictures, boxes)
    return dict(zip(PHOTOGRAPHS, read, strict=True))


def on_digits(folder: Path) -> dict[str, Any]:
    """Score the reader of single digits on SVHN's format 2 and on the course-work file."""
    clf = sksvhn.load_pretrained("digits")
    sets = {
        "format 2, test": load_svhn_digits(folder / "test_32x32.mat", color="grey"),
        "format 2, train": load_svhn_digits(folder / "train_32x32.mat", color="grey"),
        "course work, test": load_svhn_h5(folder / "SVHN_single_grey1.h5", subset="test"),
    }
    results: dict[str, Any] = {}
    for name, data in sets.items():
        read, confidence = clf.predict(data.images, return_confidence=True)
        results[name] = accuracy(data.target, read) | {
            "coverage at 98 %": coverage(data.target, read, confidence)
        }
    X = sets["format 2, train"].images[:N_TIMED]
    results["ms per digit, one thread"] = milliseconds(lambda: clf.predict(X), N_TIMED)
    return results


def of_peer(data: Path, frame: pd.DataFrame) -> dict[str, Any]:
    """Score rapidocr on the same pictures and boxes."""
    from peers import RapidOCRDigits, archived_pictures, cut

    peer = RapidOCRDigits()
    pictures = archived_pictures(data / "svhn" / "test.tar.gz", frame["filename"].tolist())
    read, confidence = peer.read(pictures)
    results = {"test numbers": of_readings(frame["number"].to_numpy(object), read, confidence)}
    originals = load_svhn_numbers(data / "originals", color="grey").frame
    buildings = whole.buildings(data)
    kinds = {
        "originals": (
            [data / "originals" / name for name in originals["filename"]],
            originals["boxes"],
            originals["number"].to_numpy(object),
        ),
        "buildings": (buildings.paths, buildings.boxes, buildings.numbers),
    }
    for kind, (paths, boxes, numbers) in kinds.items():
        uncut = [Image.fromarray(load_image(path)) for path in paths]
        for margin in MARGINS:
            crops = [cut(*pair, margin) for pair in zip(uncut, boxes, strict=True)]
            scores = results.setdefault(kind, {})
            scores[f"margin {margin:g}"] = accuracy(numbers, peer.read(crops)[0])
    timed = pictures[:N_TIMED]
    results["ms per crop, one thread"] = milliseconds(lambda: peer.read(timed), N_TIMED)
    return results


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of all data sets")
    parser.add_argument("--model", type=Path, default=Path("numbers"), help="a name or a file")
    parser.add_argument("--peer", action="store_true", help="read with rapidocr as well")
    return parser.parse_args()


if __name__ == "__main__":
    main()
