"""Write the golden files of the present format: ``python -m tests.golden.make``, from the root.

Once a format is released its files stay as they are, and every later version reads them: a new
format gets a folder of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import joblib
import numpy as np
import skops.io

from sksvhn import (
    Architecture,
    PositionwiseClassifier,
    SVHNCNNClassifier,
    SVHNLogisticRegression,
    SVHNMLPClassifier,
    SVHNSequenceClassifier,
)
from sksvhn.estimators._saving import FORMAT

from ..estimators._pictures import bar_numbers

FOLDER = Path(__file__).parent
N_PICTURES = 16
# Of the best over the second best answer, so that no processor's rounding changes it.
MARGIN = 0.01


def models() -> dict[str, Any]:
    """Fit a model of each estimator, and each form of labels, to pictures of bars."""
    X, numbers = bar_numbers(200)
    digits = np.array([int(number[0]) for number in numbers])
    padded = np.array([[*map(int, number), 10][:2] for number in numbers])
    of_all = {"max_epochs": 4, "batch_size": 8, "augmentation": 0.2, "training__amp": False}
    small: dict[str, Any] = {**of_all, "channels": ((6,), (8,)), "random_state": 0}
    sequence = SVHNSequenceClassifier().set_params(**small)
    tiles = SVHNSequenceClassifier(
        architecture=Architecture(head="tiles", blank_class=True, stem=None),
        hidden_layer_sizes=(8,),
        crop="square",
    ).set_params(**small)
    cnn = SVHNCNNClassifier(normalization=["group", "batch"], class_weight={"b": 1.5})
    mlp = SVHNMLPClassifier(hidden_layer_sizes=(4,), random_state=np.random.RandomState(0))
    return {
        "sequence": sequence.fit(X, numbers).calibrate(X, numbers),
        "sequence_padded": tiles.fit(X, padded),
        "cnn": cnn.set_params(**small).fit(X, np.array(["a", "b", "c", "dé"])[digits]),
        "mlp": mlp.set_params(**of_all).fit(X.astype(np.float64), digits),
        "logistic": SVHNLogisticRegression(features="hog", C=1.0).fit(X, digits),
        "positionwise": PositionwiseClassifier(
            SVHNLogisticRegression(features="hog", C=1.0), max_length=3
        ).fit(X, numbers.astype(int) + 10),
    }


def answers(clf: Any, pictures: Any) -> tuple[Any, Any]:
    """What a model predicts, and the probability of all or of the best answers."""
    if hasattr(clf, "top_k"):
        return clf.predict(pictures), clf.top_k(pictures, 2).probability
    return clf.predict(pictures), clf.predict_proba(pictures)


def main() -> None:
    """Write all files."""
    folder = FOLDER / f"format_{FORMAT}"
    folder.mkdir(exist_ok=True)
    pictures = bar_numbers(N_PICTURES, random_state=1)[0]
    expected = {"pictures": pictures}
    for name, clf in models().items():
        labels, probability = answers(clf, pictures_for(name, pictures))
        best = np.sort(probability, axis=1)
        assert (best[:, -1] - best[:, -2]).min() > MARGIN, name
        expected[f"{name}_labels"] = labels.astype(str) if labels.dtype == object else labels
        expected[f"{name}_probability"] = probability
        clf.save(folder / f"{name}.sksvhn")
        joblib.dump(clf, folder / f"{name}.joblib", compress=3)
        skops.io.dump(clf, folder / f"{name}.skops", compression=8)
    np.savez_compressed(folder / "expected.npz", **expected)


def pictures_for(name: str, pictures: Any) -> Any:
    """Pictures in the dtype that the model was fitted on."""
    return pictures.astype(np.float64) if name == "mlp" else pictures


if __name__ == "__main__":
    main()
