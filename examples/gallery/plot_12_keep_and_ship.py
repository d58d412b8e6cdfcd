"""
Keeping a model: files without code, ONNX, interrupted trainings
================================================================

Save a trained reader to a file that runs no code when it is loaded, or export it to one that needs
neither this package nor PyTorch. A training that was killed resumes where it was.
"""

# %%
# A reader
# --------
# A reader of strips of scikit-learn's handwritten digits trains in seconds. If the environment
# variable ``SKSVHN_DATA`` names a folder with the files of MNIST in ``mnist``, those digits are
# used.

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_digits

from sksvhn import Architecture, SVHNSequenceClassifier
from sksvhn.datasets import load_mnist, make_digit_sequences

if folder := os.environ.get("SKSVHN_DATA"):
    source = "Strips of MNIST digits"
    images, labels = load_mnist(Path(folder, "mnist"), return_X_y=True)
else:
    source = "Strips of scikit-learn's digits"
    digits = load_digits()
    images, labels = (digits.images * (255 / 16)).astype(np.uint8), digits.target
strips = {"max_length": 3, "length_distribution": "uniform", "return_X_y": True}
X, y = make_digit_sequences(images[:-500], labels[:-500], n_samples=2000, random_state=0, **strips)
X_test, y_test = make_digit_sequences(
    images[-500:], labels[-500:], n_samples=500, random_state=1, **strips
)
clf = SVHNSequenceClassifier(
    architecture=Architecture(stem=None),
    channels=((16,), (32,), (64,)),
    batch_size=32,
    max_epochs=8,
    random_state=0,
)
clf.fit(X, y)
print(f"{source}: {len(X)} to train on")
print(f"{clf.score(X_test, y_test):.1%} of {len(y_test)} others are read rightly")

# %%
# Save and load
# -------------
# `save` writes weights and plain values. `load` checks all of them and runs no code, whoever wrote
# the file. A model trained on a GPU loads on a machine without one.

import sksvhn

temporary = TemporaryDirectory()
path = Path(temporary.name)
clf.save(path / "reader.sksvhn")
loaded = sksvhn.load(path / "reader.sksvhn")
print(f"{(path / 'reader.sksvhn').stat().st_size / 1024:.0f} KB")
print("the same answers:", np.array_equal(loaded.predict(X_test), clf.predict(X_test)))

# %%
# joblib and pickle save models as well, and whole pipelines. They run code when they load: open
# only files that you trust.

import joblib

joblib.dump(clf, path / "reader.joblib")
print(
    "the same answers:",
    np.array_equal(joblib.load(path / "reader.joblib").predict(X_test), loaded.predict(X_test)),
)

# %%
# ONNX
# ----
# `export_onnx` writes all of `predict`, from the pixels to the number and its confidence, for use
# with onnxruntime in any language. It needs the extra ``onnx``.

from onnxruntime import InferenceSession

file = clf.export_onnx(path / "reader.onnx")
session = InferenceSession(file.path)
numbers, confidence = session.run(None, {"pictures": X_test})
read, sure = clf.predict(X_test, return_confidence=True)
print(f"{file.n_bytes / 1024:.0f} KB, opset {file.opset}")
print(f"the same numbers: {(numbers == read).mean():.1%}")
print(f"largest difference of confidences: {np.abs(confidence - sure).max():.0e}")

# %%
# The answers of the exported file:

import matplotlib.pyplot as plt

from sksvhn.plotting import ReadingsDisplay

display = ReadingsDisplay.from_predictions(
    X_test[:15],
    y_test[:15],
    numbers[:15],
    confidence[:15],
    n_columns=5,
    figure=plt.figure(figsize=(9, 3.3), layout="constrained"),
)
_ = display.figure_.supxlabel(f"Read by onnxruntime. {source}", fontsize=9)

# %%
# The metadata describe the pictures that it expects.

session.get_modelmeta().custom_metadata_map

# %%
# Interrupted trainings
# ---------------------
# With a `checkpoint_dir`, `fit` saves its state after every epoch. Here, something stops it after
# the fourth epoch, as a crash or the end of a rented machine would.

from skorch.callbacks import Callback


class PullThePlug(Callback):
    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == 4:
            raise RuntimeError("power cut")


unlucky = clone(clf).set_params(checkpoint_dir=path / "checkpoints")
try:
    unlucky.set_params(callbacks=[PullThePlug()]).fit(X, y)
except RuntimeError as error:
    print(error)
print([file.suffix for file in (path / "checkpoints").iterdir()])

# %%
# The same `fit`, called again, resumes with the fifth epoch and ends as if nothing had happened,
# equal to the bit.

unlucky.set_params(callbacks=None).fit(X, y)
same = np.array_equal(unlucky.predict_proba(X_test), clf.predict_proba(X_test))
print("the same probabilities:", same)

# %%
# Its learning curves show the epochs before and after the interruption:

from sksvhn.plotting import LearningCurvesDisplay

display = LearningCurvesDisplay.from_estimator(unlucky)
_ = display.figure_.suptitle(source, fontsize=10)
temporary.cleanup()
