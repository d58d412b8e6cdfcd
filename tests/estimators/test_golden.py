"""Models that were written in every released format, read by this version."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import skops.io

import sksvhn
from sksvhn.estimators._saving import FORMAT

from ..golden.make import FOLDER, answers, pictures_for

FORMATS = sorted(path.name for path in FOLDER.glob("format_*"))
NAMES = ("cnn", "logistic", "mlp", "positionwise", "sequence", "sequence_padded")


def load_skops(path: Path) -> Any:
    return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))


LOADERS = {".sksvhn": sksvhn.load, ".joblib": joblib.load, ".skops": load_skops}


# One holds an estimator of scikit-learn's, of the version that wrote it.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.InconsistentVersionWarning")
@pytest.mark.parametrize("suffix", LOADERS)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("folder", FORMATS)
def test_golden_files_answer_as_they_did(folder: str, name: str, suffix: str) -> None:
    clf = LOADERS[suffix](FOLDER / folder / f"{name}{suffix}")
    with np.load(FOLDER / folder / "expected.npz") as expected:
        labels, probability = answers(clf, pictures_for(name, expected["pictures"]))
        np.testing.assert_array_equal(labels, expected[f"{name}_labels"])
        # Processors differ in how they round.
        np.testing.assert_allclose(probability, expected[f"{name}_probability"], atol=1e-5)


def test_there_are_files_of_the_present_format() -> None:
    assert f"format_{FORMAT}" in FORMATS
    for folder in FORMATS:
        found = {path.stem for path in (FOLDER / folder).iterdir()}
        assert found == {*NAMES, "expected"}
