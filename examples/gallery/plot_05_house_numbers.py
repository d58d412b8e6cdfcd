"""
House numbers: from digitStruct.mat to coverage at 98 %
=======================================================

This example goes through a whole project: read SVHN's table of boxes, look at the data, crop the
numbers, split, train, and find out how many pictures need no second look. It also compares the
layers of two published networks, C1 and D1 on the results page, with the package's own.
"""

# %%
# The files
# ---------
# SVHN's format 1 is an archive of pictures with a table, ``digitStruct.mat``, which says where each
# digit is. If the environment variable ``SKSVHN_DATA`` names a folder with ``svhn/train.tar.gz``
# and ``svhn/test.tar.gz``, they are read. Otherwise, a small archive of the same form is written
# first, from pictures that `make_street_numbers` draws with twice the number's width and height and
# the number in the middle.

import io
import os
import tarfile
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import h5py
import numpy as np
from PIL import Image

from sksvhn.datasets import make_street_numbers


def boxes_of(row, size):
    """Boxes of the digits, in the middle half of a picture of this size."""
    left, top = row.boxes[:, :2].min(axis=0)
    right, bottom = (row.boxes[:, :2] + row.boxes[:, 2:]).max(axis=0)
    scale = np.divide(size, (right - left, bottom - top)) / 2
    boxes = (row.boxes - (left, top, 0, 0)) * np.tile(scale, 2)
    return (boxes + np.array([size[0] / 4, size[1] / 4, 0, 0])).round()


def write_format_1(path, n_pictures, random_state):
    """Write an archive as SVHN's, with a digitStruct.mat as MATLAB writes it."""
    made = make_street_numbers(
        n_pictures,
        image_size=(72, 72),
        margin=(1, 1),
        max_length=4,
        color=False,
        random_state=random_state,
        n_jobs=-1,
    )
    table = io.BytesIO()
    with tarfile.open(path, "w:gz") as archive, h5py.File(table, "w") as mat:

        def add(name, content):
            member = tarfile.TarInfo(f"{path.name.partition('.')[0]}/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))

        def reference(values):
            return mat.create_dataset(f"#refs#/{next(names)}", data=values).ref

        names = count()
        structs = {"name": [], "bbox": []}
        for pixels, row in zip(made.images, made.frame.itertuples(), strict=True):
            size = (row.picture_width, row.picture_height)
            png = io.BytesIO()
            Image.fromarray(pixels).resize(size).save(png, "png")
            add(row.filename, png.getvalue())
            structs["name"].append(reference([[ord(c)] for c in row.filename]))
            group = mat.create_group(f"#refs#/{next(names)}")
            columns = dict(
                zip(("left", "top", "width", "height"), boxes_of(row, size).T, strict=True)
            )
            columns["label"] = [int(digit) or 10 for digit in row.number]  # SVHN's zero is 10
            for field, column in columns.items():
                # One digit's values stand for themselves, those of several are referred to.
                cells = [np.full((1, 1), value, float) for value in column]
                if len(cells) > 1:
                    cells = [np.array([[reference(cell)] for cell in cells], h5py.ref_dtype)]
                group.create_dataset(field, data=cells[0])
            structs["bbox"].append(group.ref)
        for field, references in structs.items():
            cells = np.array([[one] for one in references], h5py.ref_dtype)
            mat.create_dataset(f"digitStruct/{field}", data=cells)
        mat.close()
        add("digitStruct.mat", table.getvalue())


if folder := os.environ.get("SKSVHN_DATA"):
    source = "Real numbers, from SVHN's published test set"
    archives = Path(folder, "svhn")
else:
    source = "Generated numbers"
    temporary = TemporaryDirectory()
    archives = Path(temporary.name)
    write_format_1(archives / "train.tar.gz", 4000, random_state=0)
    write_format_1(archives / "test.tar.gz", 800, random_state=1)

# %%
# The table
# ---------
# `read_digit_struct` reads only the table. Boxes may extend beyond their picture, and label 10 has
# become the digit 0.

from sksvhn.datasets import describe_numbers, read_digit_struct

table = read_digit_struct(archives / "train.tar.gz")
print(f"{source}: {len(table):,} of train.tar.gz")
table.head()

# %%
# How long are the numbers, and how large are the digits? A window of the size of the 98th
# percentile misses few.

description = describe_numbers(table)
description.sizes.round(1)

# %%

from sksvhn.plotting import NumberStatisticsDisplay

display = NumberStatisticsDisplay.from_numbers(table)
_ = display.figure_.suptitle(f"{source}, {len(table):,}", fontsize=10)

# %%
# Some records are the number 0 or begin with 0. One of the course works removed those, but they are
# as valid as any other.

is_zero, leading_zero = table["number"] == "0", table["number"].str.match("0.")
print(f"of {len(table):,} numbers {is_zero.sum()} are 0, {leading_zero.sum()} begin with 0")

# %%
# The pictures
# ------------
# `load_svhn_numbers` crops each number with 30 % of its surroundings, as far as the picture has
# any, and makes all crops the same size.

from sksvhn.datasets import load_svhn_numbers
from sksvhn.model_selection import NumberKFold

size = {"image_size": (40, 40), "color": "grey", "n_jobs": -1}
numbers = load_svhn_numbers(archives / "train.tar.gz", **size)
test = load_svhn_numbers(archives / "test.tar.gz", **size)
describe_numbers(numbers).summary.round(1)

# %%
# A tenth of the first 4,000 numbers is held out for validation, with the same share of each length.
# More numbers would be better, but take longer.

kept, held_out = next(NumberKFold(10).split(numbers.images[:4000], numbers.target[:4000]))
X_train, y_train = numbers.images[kept], numbers.target[kept]
X_val, y_val = numbers.images[held_out], numbers.target[held_out]
trained_on = f"{source}, {len(X_train):,} to train on"
on_validation = f"{trained_on}, {len(X_val):,} for validation"
on_test = f"{trained_on}, {len(test.images):,} to test"
print(on_validation, on_test, sep="\n")

# %%
# Three networks
# --------------
# C1 reads numbers with three convolutions, local response normalisation and dense layers. D1 uses
# six convolutions like those of Goodfellow et al., here a third as wide. Both trained for 200,000
# steps. Here, all networks train for a few epochs with the package's own training: the learning
# rate rises and falls, and pictures change a little in every epoch.
#
# D's authors made random crops and changed colours before training, which enlarged their data
# twentyfold. Later they wished they had done so during training (D3). ``augmentation`` does that:
# every epoch sees another crop of each picture, and other colours in colour pictures. The example
# of data larger than memory shows their PCA colour jitter, and pictures that stay on disk.

from sksvhn import Architecture, SVHNSequenceClassifier

networks = {
    "C1's layers": SVHNSequenceClassifier(
        architecture=Architecture(
            input_size=32,
            stem=None,
            head="dense",
            kernel_size=4,
            normalization_position="after_activation",
            weight_init="xavier",
        ),
        channels=((16,), (32,), (64,)),
        normalization="lrn",
        hidden_layer_sizes=(128, 64, 16),
        optimizer="adam",
        lr=0.003,
        augmentation=0.5,
        n_views=1,
        max_epochs=6,
        random_state=0,
    ),
    "D1's layers": SVHNSequenceClassifier(
        architecture=Architecture(
            input_size=32,
            stem=None,
            head="dense",
            kernel_size=(5, 5, 3, 3, 3),
            pooling=("max", "max", "average", "average", None),
        ),
        channels=((16,), (20,), (40,), (52,), (64, 64)),
        dropout=(0.1, 0.1, 0.1, 0.1, 0),
        optimizer="adam",
        lr=0.003,
        augmentation=0.5,
        n_views=1,
        max_epochs=6,
        random_state=0,
    ),
    "SVHNSequenceClassifier": SVHNSequenceClassifier(
        channels=((24, 24), (48, 48), (96, 96)), max_epochs=14, random_state=0
    ),
}
for clf in networks.values():
    clf.fit(X_train, y_train, X_val=X_val, y_val=y_val)

# %%
# The learning curves of the last network, on the held-out numbers:

from sksvhn.plotting import LearningCurvesDisplay

display = LearningCurvesDisplay.from_estimator(clf)
_ = display.figure_.suptitle(on_validation, fontsize=10)

# %%
# What can go without a second look
# ---------------------------------
# Sort the test readings by confidence, the surest first. *Coverage at 98 %* is the largest share of
# them of which 98 % are right as whole numbers.

import pandas as pd

from sksvhn.metrics import (
    bootstrap_interval,
    coverage_at_accuracy_score,
    length_accuracy_score,
    sequence_accuracy_score,
)
from sksvhn.plotting import CoverageDisplay

rows, display = [], None
for name, clf in networks.items():
    read, sure = clf.predict(test.images, return_confidence=True)
    row = {"network": name}
    for what, score, arguments in (
        ("length", length_accuracy_score, ()),
        ("whole number", sequence_accuracy_score, ()),
        ("coverage at 98 %", coverage_at_accuracy_score, (sure,)),
    ):
        value, low, high = bootstrap_interval(
            score, test.target, read, *arguments, n_resamples=300, random_state=0
        )
        row[what] = f"{value:.1%} ({low:.1%} to {high:.1%})"
    rows.append(row)
    display = CoverageDisplay.from_predictions(
        test.target, read, sure, name=name, ax=display and display.ax_
    )
display.ax_.set_title(on_test, fontsize=9)
_ = display.ax_.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), frameon=False)

# %%
# The same in figures, with 95 % intervals. C1 and D1 were designed for long training: the table
# shows how far each gets in a few epochs, not how good it can be.

print(on_test)
pd.DataFrame(rows).style.hide()

# %%
# The surest mistakes of the last network are worth a look: mistakes of this kind are what a
# threshold of confidence lets through.

from sksvhn.plotting import ReadingsDisplay

display = ReadingsDisplay.from_predictions(test.images, test.target, read, sure, n_mistakes=8)
_ = display.figure_.supxlabel(on_test, fontsize=9)
