"""
Your own photographs, and scenes with nothing cropped
=====================================================

Training pictures are small, of one size, and cropped to the number. Photographs are not. `read`
prepares them like the training pictures. A reader that has seen numbers with their surroundings can
do without the crop, though not as well.
"""

# %%
# A reader for pictures with surroundings
# ---------------------------------------
# The training pictures are drawn in colour, from tight crops to twice the width and height of the
# number. The pictures to read below are drawn as well. If the environment variable ``SKSVHN_DATA``
# names a folder with ``photos`` (the number in each file's name) and ``scenes.tar.gz``, the same
# reader reads those instead.

from sksvhn import SVHNSequenceClassifier
from sksvhn.datasets import make_street_numbers

train = make_street_numbers(5000, image_size=(48, 48), margin=(-0.1, 1), random_state=0, n_jobs=-1)
clf = SVHNSequenceClassifier(channels=((24, 24), (48, 48), (96, 96)), max_epochs=14, random_state=0)
clf.fit(train.images, train.target)
print(f"trained on {len(train.images)} generated pictures")

# %%
# Scenes
# ------
# Each scene has its own size. In the drawn scenes, the number takes half of the width and height.

import csv
import io
import os
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image

if folder := os.environ.get("SKSVHN_DATA"):
    source = "Real street scenes"
    with tarfile.open(Path(folder, "scenes.tar.gz")) as archive:
        table = archive.extractfile("scenes/labels.csv").read().decode()
        rows = list(csv.DictReader(io.StringIO(table)))[:400]
        scenes = [archive.extractfile("scenes/" + row["file"]).read() for row in rows]
    truth, boxes = np.array([row["number"] for row in rows], dtype=object), None
else:
    source = "Generated scenes"
    made = make_street_numbers(400, image_size=(96, 96), margin=(1, 1), random_state=1, n_jobs=-1)
    truth, scenes, boxes = made.target, [], []
    for pixels, row in zip(made.images, made.frame.itertuples(), strict=True):
        width, height = 2 * row.picture_width, 2 * row.picture_height
        scenes.append(Image.fromarray(pixels).resize((width, height)))
        boxes.append([[width / 4, height / 4, width / 2, height / 2]])
print(f"{source}: {len(scenes)}")

# %%
# `read` takes whole scenes of any size: files, bytes, PIL pictures or arrays.

from sksvhn.metrics import bootstrap_interval, sequence_accuracy_score


def report(how, truth, read):
    value, low, high = bootstrap_interval(sequence_accuracy_score, truth, read, random_state=0)
    print(f"{source}, {how}: {value:.1%} right ({low:.1%} to {high:.1%})")


read, sure = clf.read(scenes, return_confidence=True)
report("nothing cropped", truth, read)

# %%
# If you know where the number is, give `boxes`: left, top, width and height, of the number or of
# each digit. The number is then cropped with the `margin` of the reader.

if boxes is not None:
    report("with boxes", truth, clf.read(scenes, boxes))

# %%
# `crops` shows the input of the network: here, whole scenes stretched to its size.

from sksvhn.plotting import AttentionDisplay, ReadingsDisplay

crops = clf.crops(scenes)
display = ReadingsDisplay.from_predictions(crops[:24], truth[:24], read[:24], sure[:24])
_ = display.figure_.supxlabel(source, fontsize=9)

# %%
# This is where it looked for the digits, in the scenes it was surest of:

surest = np.argsort(-sure)[:4]
display = AttentionDisplay.from_estimator(clf, crops[surest])
_ = display.figure_.supxlabel(source, fontsize=9)

# %%
# Photographs of any kind
# -----------------------
# Photographs may have transparency or a palette, be grey, or be rotated by 90 degrees with a note
# in their EXIF data that viewers follow. `read` sees all of them as a viewer would show them.

if folder:
    paths = sorted(Path(folder, "photos").glob("*.jpg"))
    photos = {path.stem: path for path in paths}
    truth = [path.stem.partition("_")[0] for path in paths]
    source = "Photographs"
else:
    photo = scenes[surest[0]]
    turned, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6  # orientation: turn clockwise by 90 degrees to see it upright
    photo.rotate(90, expand=True).save(turned, "jpeg", exif=exif, quality=95)
    photos = {
        "RGB": photo,
        "turned JPEG": turned.getvalue(),
        "RGBA": photo.convert("RGBA"),
        "palette": photo.quantize(64),
        "grey": photo.convert("L"),
        "array": np.asarray(photo),
        "four times as large": photo.resize((4 * photo.width, 4 * photo.height)),
    }
    truth = [truth[surest[0]]] * len(photos)
    source = "One generated scene, in seven forms"
found, how_sure = clf.read(list(photos.values()), return_confidence=True)
print(f"{source}: {(found == truth).sum()} of {len(found)} right")
for kind, number, confidence in zip(photos, found, how_sure, strict=True):
    print(f"{kind:>20}: {number}, {confidence:.1%} sure")

# %%
# This is the network's input for them. If a number fills less of its picture than any number in
# training, it will probably not be read: give `boxes`, or train on wider surroundings.

display = ReadingsDisplay.from_predictions(
    clf.crops(list(photos.values())), truth, found, how_sure, n_columns=len(photos)
)
_ = display.figure_.supxlabel(source, fontsize=9)

# %%
# No number at all
# ----------------
# A reader reads a number in every picture. It should at least be less sure if there is none, as on
# these walls and signs without a number.

from sksvhn.datasets import make_empty_surfaces

empty = make_empty_surfaces(200, image_size=(48, 48), random_state=2, n_jobs=-1)
unsure = clf.confidence(empty)
print(f"median confidence: {np.median(sure):.0%} on scenes, {np.median(unsure):.0%} on empty walls")
