"""
Data larger than memory
=======================

SVHN's extra set has half a million pictures, and a camera on a car takes more in a week. Pictures
can stay in an HDF5 file, or be made when they are needed. The network sees the same, and memory
does not grow with the data.
"""

# %%
# A file of pictures
# ------------------
# The file is written part by part, in chunks of some hundred pictures, as uint8 and not compressed,
# because every epoch reads them again. If the environment variable ``SKSVHN_DATA`` names a folder
# with ``svhn/train_32x32.mat`` and ``svhn/test_32x32.mat``, 5,000 digits of the first are written;
# otherwise, digits are drawn.

import os
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import h5py
import numpy as np

from sksvhn.datasets import load_svhn_digits, make_street_digits

if folder := os.environ.get("SKSVHN_DATA"):
    source = "Real digits, from SVHN's published test set"
    X, y = load_svhn_digits(Path(folder, "svhn", "train_32x32.mat"), return_X_y=True)
    parts = [(X[start : start + 1000], y[start : start + 1000]) for start in range(0, 5000, 1000)]
    X_test, y_test = load_svhn_digits(Path(folder, "svhn", "test_32x32.mat"), return_X_y=True)
else:
    source = "Generated digits"
    draw = partial(make_street_digits, 1000, n_jobs=-1, return_X_y=True)
    parts = (draw(random_state=state) for state in range(5))
    X_test, y_test = draw(random_state=5)

temporary = TemporaryDirectory()
path = Path(temporary.name, "digits.h5")
with h5py.File(path, "w") as file:
    pictures = file.create_dataset(
        "X", (0, 32, 32, 3), "uint8", maxshape=(None, 32, 32, 3), chunks=(250, 32, 32, 3)
    )
    labels = file.create_dataset("y", (0,), "int64", maxshape=(None,))
    for X, y in parts:
        pictures.resize(len(pictures) + len(X), axis=0)
        labels.resize(len(labels) + len(y), axis=0)
        pictures[-len(X) :], labels[-len(y) :] = X, y
    print(f"{source}: {len(labels)} to train on, {pictures.nbytes / 2**20:.0f} MB of pictures")

# %%
# Fit it
# ------
# The network has the layers of a published network for SVHN's colour digits, B2 on the results
# page: four convolutions, each with pooling and a little dropout, and a dense layer. That network
# was trained for 200,001 steps of plain Adam. Here, some hundred steps of the package's own
# training have to suffice.
#
# `fit` takes the open dataset. Labels are in memory. To see what is read and when, the dataset is
# wrapped in a class with the same length, ``shape``, ``dtype`` and slices, which is all that `fit`
# needs.

from sksvhn import SVHNCNNClassifier


class Watched:
    """An array on disk that notes what is read of it."""

    def __init__(self, dataset):
        self.dataset, self.shape, self.dtype = dataset, dataset.shape, dataset.dtype
        self.reads = []

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, rows):
        found = self.dataset[rows]
        self.reads.append(found.nbytes)
        return found


b2 = {
    "channels": ((16,), (32,), (64,), (128,)),
    "architecture__kernel_size": 4,
    "architecture__stem": None,
    "architecture__head": "dense",
    "hidden_layer_sizes": (256,),
    "dropout": (0.1, 0.1, 0.1, 0.1, 0.5),
    "augmentation": 0.3,
    "n_views": 1,
    "max_epochs": 6,
    "random_state": 0,
}
clf = SVHNCNNClassifier().set_params(**b2)
with h5py.File(path) as file:
    pictures = Watched(file["X"])
    clf.fit(pictures, file["y"][:])
    at_once, in_all = max(pictures.reads) / 2**20, sum(pictures.reads) / 2**20
print(f"{in_all:.0f} MB read, at most {at_once:.1f} MB at once")
print(f"{source}: {clf.score(X_test, y_test):.1%} of {len(y_test)} test digits right")

# %%
# The file was read once for the mean and spread of its pixels, and once per epoch. This small file
# fits into one block of 16 MB. The blocks of larger files are drawn at random, four at a time, and
# their pictures are shuffled together. Pictures that fit into four blocks train exactly as they do
# from memory.

with h5py.File(path) as file:
    in_memory = SVHNCNNClassifier().set_params(**b2).fit(file["X"][:], file["y"][:])
same = np.array_equal(in_memory.predict_proba(X_test), clf.predict_proba(X_test))
print(f"the same probabilities as from memory: {same}")

# %%
# Predictions need one block at a time. This file repeats the same pictures eight times:

with h5py.File(path, "a") as file:
    small = file["X"]
    large = file.create_dataset(
        "X8", (8 * len(small), *small.shape[1:]), "uint8", chunks=small.chunks
    )
    for start in range(0, len(large), len(small)):
        large[start : start + len(small)] = small[:]
    pictures = Watched(large)
    clf.predict(pictures)
    in_all, at_once = large.nbytes / 2**20, max(pictures.reads) / 2**20
print(f"{in_all:.0f} MB, at most {at_once:.1f} MB of them at once")

# %%
# Pictures made when they are needed
# ----------------------------------
# Another published system, D on the results page, enlarged its data twentyfold on disk, with crops
# and colours drawn once. Later its author wished to have drawn them during training. `augmentation`
# does so with place, size and contrast, at strength 0.3 in the training above. The colours can come
# from a sequence, which makes its parts again whenever they are needed. This one reads a part from
# disk and shifts each picture's colours along the directions in which the colours of the part vary
# (*PCA colour jitter*), in another way in each epoch.

from collections.abc import Sequence

from sksvhn.preprocessing import pca_color_jitter


class Jittered(Sequence):
    """Parts of a dataset, in new colours each time."""

    def __init__(self, dataset, n_parts):
        self.dataset, self.rng = dataset, np.random.RandomState(0)
        self.parts = np.array_split(np.arange(len(dataset)), n_parts)

    def __len__(self):
        return len(self.parts)

    def __getitem__(self, index):
        part = self.parts[index]
        pictures = self.dataset[part[0] : part[-1] + 1]
        return pca_color_jitter(pictures, scale=1.0, random_state=self.rng)


with h5py.File(path) as file:
    jittered = Jittered(file["X"], n_parts=5)
    looks = np.concatenate([jittered[0][:8] for _ in range(3)])
    clf = SVHNCNNClassifier().set_params(**b2).fit(jittered, file["y"][:])
    first = file["y"][:8]
print(f"{source}: {clf.score(X_test, y_test):.1%} of {len(y_test)} test digits right")

# %%
# Eight training digits in the colours of three epochs:

from sksvhn.plotting import ReadingsDisplay

display = ReadingsDisplay.from_predictions(looks, None, np.tile(first, 3).astype(str))
_ = display.figure_.supxlabel(source, fontsize=9)

# %%
# Streams that never end
# ----------------------
# `partial_fit` takes one part at a time, and the estimator can predict in between. Here, the parts
# of the file stand for a stream, which brings each of them twice.

from sksvhn import SVHNMLPClassifier

stream = SVHNMLPClassifier(lr=0.03, random_state=0)
scores = []
with h5py.File(path) as file:
    for start in range(0, 2 * len(file["X"]), 500):
        rows = slice(start % len(file["X"]), start % len(file["X"]) + 500)
        stream.partial_fit(file["X"][rows], file["y"][rows], classes=range(10))
        scores.append(stream.score(X_test, y_test))

import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
ax.plot(np.arange(1, len(scores) + 1) * 500, scores, "o-", color="#0072B2")
ax.set(xlabel="Digits seen", ylabel=f"Right of {len(y_test)} test digits", ylim=(0, None))
ax.set_title(source, fontsize=10)
ax.yaxis.set_major_formatter("{x:.0%}")
ax.spines[["top", "right"]].set_visible(False)
temporary.cleanup()
