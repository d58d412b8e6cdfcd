"""
Photographs: find the numbers and read them
===========================================

A photograph shows a door, a wall and plants, and somewhere a number. `sksvhn.read` finds it and
reads it, with a locator and a reader that come with the package. Nothing is trained here.
"""

# %%
# Photographs
# -----------
# The photographs below are drawn. If the environment variable ``SKSVHN_DATA`` names a folder with
# ``photos`` (the number in each file's name), those are read instead.

import os
from pathlib import Path

from sksvhn.datasets import make_street_scenes

scenes = make_street_scenes(12, random_state=2)
photos = list(scenes.images)
if folder := os.environ.get("SKSVHN_DATA"):
    photos = sorted(Path(folder, "photos").glob("*.jpg"))

# %%
# Read them
# ---------
# Paths, folders, bytes, PIL pictures and arrays will do, one or many. Each number found is a row,
# with its box and the probability that it is a house number and read right.

import sksvhn

found = sksvhn.read(photos)
print(found.round(2).head(10).to_string())

# %%

from sksvhn.plotting import PhotographsDisplay

_ = PhotographsDisplay.from_readings(photos, found)

# %%
# What was rejected
# -----------------
# With ``all=True``, places that the locator looked at and that were rejected have rows too.

everything = sksvhn.read(photos, all=True)
print(everything["rejected"].fillna("a number").value_counts().to_string())

# %%
# Where the locator looks
# -----------------------
# For every eighth pixel of what it sees, the locator has a confidence that the middle of a number
# is there.

import matplotlib.pyplot as plt

from sksvhn.inspection import location_map
from sksvhn.preprocessing import load_image

locator = sksvhn.load_pretrained("locator")
figure, axes = plt.subplots(1, 4, figsize=(12, 3), layout="constrained")
for photo, ax in zip(photos, axes, strict=False):
    picture = load_image(photo)
    height, width = picture.shape[:2]
    ax.imshow(picture.mean(axis=2), cmap="gray")
    places = location_map(locator, picture)
    ax.imshow(places, cmap="magma", alpha=0.6, vmin=0, vmax=1, extent=(0, width, height, 0))
    ax.set_axis_off()

# %%
# How many does it find?
# ----------------------
# A box is right if it overlaps a number by half of what both cover. Precision is the share of the
# boxes that are right, and recall the share of the numbers that are found.

from sklearn.metrics import PrecisionRecallDisplay

from sksvhn.metrics import location_average_precision, location_precision_recall_curve

new = make_street_scenes(200, random_state=3, n_jobs=-1)
boxes = locator.predict(new.images)
curve = location_precision_recall_curve(new.target, boxes)
precision = location_average_precision(new.target, boxes)
display = PrecisionRecallDisplay(curve.precision, curve.recall, average_precision=precision).plot()
_ = display.ax_.set_title("200 generated scenes")

# %%
# Boxes you know
# --------------
# If you know where the number is, give `boxes` to the reader: left, top, width and height, of the
# number or of each digit. Photographs may have transparency or a palette, be grey, or be rotated by
# 90 degrees with a note in their EXIF data: all are read as a viewer would show them.

import io

from PIL import Image

reader = sksvhn.load_pretrained("numbers")
row = scenes.frame.iloc[0]
photo = Image.fromarray(scenes.images[row["picture"]])
turned, exif = io.BytesIO(), Image.Exif()
exif[0x0112] = 6  # orientation: turn clockwise by 90 degrees to see it upright
photo.rotate(90, expand=True).save(turned, "jpeg", exif=exif, quality=95)
forms = {
    "RGB": photo,
    "turned JPEG": turned.getvalue(),
    "RGBA": photo.convert("RGBA"),
    "palette": photo.quantize(64),
    "grey": photo.convert("L"),
}
numbers, sure = reader.read(
    list(forms.values()), [row["boxes"]] * len(forms), return_confidence=True
)
print(f"the number is {row['number']}")
for form, number, confidence in zip(forms, numbers, sure, strict=True):
    print(f"{form:>12}: {number}, {confidence:.1%} sure")
