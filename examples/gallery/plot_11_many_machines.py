"""
GPU, several processes, many machines
=====================================

You have a trained reader, and now a GPU, a search over settings that takes too long, or a disk with
some million pictures. The same few lines work for all of them: they train on a GPU without any
change, and read in several processes and on several machines with Dask, which the extra ``dask``
installs (``pip install "sksvhn[dask]"``). This script needs neither a GPU nor a second machine.
"""

# %%
# A GPU
# -----
# You need not set anything: the default, ``device="auto"``, trains on a GPU if there is one, and
# the attribute ``device_`` names the device. Here, each available device trains the same reader
# from the same seed. Rounding differs between devices, so doubtful pictures may be read
# differently. The time of a GPU includes starting it.
#
# The numbers have one or two digits and are drawn in grey with 32 x 32 pixels. If the environment
# variable ``SKSVHN_DATA`` names a folder with ``svhn/train.tar.gz`` and ``svhn/test.tar.gz``, those
# are read instead.

import os
import tarfile
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from PIL import Image

from sksvhn import SVHNSequenceClassifier
from sksvhn.datasets import load_svhn_numbers, make_street_numbers

if folder := os.environ.get("SKSVHN_DATA"):
    source = "Real numbers, from SVHN's published test set"
    size = {"image_size": (32, 32), "color": "grey", "n_jobs": -1}
    train = load_svhn_numbers(Path(folder, "svhn", "train.tar.gz"), **size)
    test = load_svhn_numbers(Path(folder, "svhn", "test.tar.gz"), **size)
else:
    source = "Generated numbers"
    size = {"image_size": (32, 32), "color": False, "max_length": 2, "n_jobs": -1}
    train = make_street_numbers(3000, random_state=0, **size)
    test = make_street_numbers(1000, random_state=1, **size)
X, y = train.images[:3000], train.target[:3000]

readers = {}
for device in ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]:
    clf = SVHNSequenceClassifier(
        channels=((16, 16), (32, 32), (64, 64)),
        n_views=1,
        max_epochs=12,
        device=device,
        random_state=0,
    )
    start = time.perf_counter()
    readers[device] = clf.fit(X, y)
    print(
        f"{source}, trained on {clf.device_}: {len(X)} pictures in "
        f"{time.perf_counter() - start:.0f} s, "
        f"{clf.score(test.images, test.target):.1%} of {len(test.target)} test numbers right"
    )
if "cuda" in readers:
    agree = readers["cuda"].predict(test.images) == readers["cpu"].predict(test.images)
    print(f"Both answer the same to {agree.mean():.1%} of the test pictures.")
else:
    print('There is no GPU here. With one, device="auto" would have trained on it.')

# %%
# Files and pickles hold the weights as NumPy arrays. A reader that was trained on a GPU computes on
# a GPU wherever there is one, and otherwise on the processor. Other processes and machines get the
# reader in the same way.

temporary = TemporaryDirectory()
work = Path(temporary.name)
clf.save(work / "reader.sksvhn")

# %%
# A folder of pictures
# --------------------
# The test pictures are written as files. Three of them are damaged: one is cut off half-way, one is
# empty, and one is not a picture at all. Real pictures are unpacked from SVHN's archive, in their
# own sizes.

photos = work / "photos"
photos.mkdir()
if folder:
    with tarfile.open(Path(folder, "svhn", "test.tar.gz")) as archive:
        for member in archive:
            if member.name.endswith(".png"):
                Path(photos, Path(member.name).name).write_bytes(archive.extractfile(member).read())
else:
    for image, name in zip(test.images, test.frame["filename"], strict=True):
        Image.fromarray(image).save(photos / name)
half = (photos / "1.png").read_bytes()
(photos / "1.png").write_bytes(half[: len(half) // 2])
(photos / "2.png").write_bytes(b"")
(photos / "3.png").write_text("Sorry, this page was not found.")
print(f"{source}: {len(list(photos.iterdir()))} files")

# %%
# A job that is interrupted
# -------------------------
# `transcribe` reads a folder with several processes and writes a folder of Parquet files: here, one
# for every 50 pictures, to have something to interrupt. It is also a command. Here, the command is
# started with two processes and killed as soon as it has written some files, as if somebody had
# turned the machine off.

import subprocess
import sys

command = [sys.executable, "-m", "sksvhn", "transcribe", work / "reader.sksvhn", photos]
command += [
    "--whole",
    "--out",
    work / "readings",
    "--workers",
    "2",
    "--partition-size",
    "50",
    "--quiet",
]
job = subprocess.Popen(command, stderr=subprocess.DEVNULL)
while job.poll() is None and len(list(work.glob("readings/*.parquet"))) < 3:
    time.sleep(0.01)
job.kill()
job.wait()
there = len(list(work.glob("readings/*.parquet")))
print(f"{there} of {-(-len(list(photos.iterdir())) // 50)} files when it was killed")

# %%
# The cluster
# -----------
# Called again with the same pictures and model, it does what is missing, this time on a Dask
# cluster. A cluster consists of a scheduler, which hands out work, and workers that ask it for
# work. Here the scheduler is in this process, and the first worker is started by the command that
# starts one on any other machine, ``dask worker tcp://scheduler:8786``.
#
# In your own script, ``transcribe(..., n_workers=2)`` needs none of this: it starts processes on
# this machine by itself, for the time of the call. They import the script that started them, so the
# script has to keep its work below ``if __name__ == "__main__":``.

import pandas as pd
from distributed import Client, LocalCluster

import sksvhn

scheduler = LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0")
client = Client(scheduler)
workers = []


def start_worker():
    address = scheduler.scheduler_address
    command = [sys.executable, "-m", "dask", "worker", address, "--nthreads", "1", "--no-dashboard"]
    command += ["--local-directory", str(work)]
    with open(work / "workers.log", "a") as log:
        workers.append(subprocess.Popen(command, stdout=log, stderr=log))
    client.wait_for_workers(len(workers))


start_worker()
done = sksvhn.transcribe(
    photos, work / "reader.sksvhn", work / "readings", whole=True, client=client, partition_size=50
)
print(f"{done.n_pictures} pictures, of which {done.n_failed} could not be read")

# %%
# A damaged picture stops nothing. Its row says what is wrong.

table = pd.read_parquet(done.path)
table["path"] = [Path(path).name for path in table["path"]]
table.loc[table["error"].notna(), ["path", "error"]].style.hide()

# %%
# All others occur once, in the order of the folder, with the three most probable numbers.

readable = table[table["error"].isna()]
truth = dict(zip(test.frame["filename"], test.target, strict=True))
right = readable["reading"] == readable["path"].map(truth)
print(f"{source}: {right.mean():.1%} of {len(readable)} read rightly")
readable[["path", "reading", "confidence", "top_readings"]].head()

# %%
# Somebody should look at the least sure readings:

from sksvhn.plotting import ReadingsDisplay

unsure = readable.sort_values("confidence").head(12)
display = ReadingsDisplay.from_predictions(
    clf.crops([photos / name for name in unsure["path"]]),
    unsure["path"].map(truth),
    unsure["reading"],
    unsure["confidence"],
    n_columns=6,
)
_ = display.figure_.supxlabel(source, fontsize=9)

# %%
# A search over settings
# ----------------------
# scikit-learn's searches use joblib. With their parameter `n_jobs`, processes of this machine do
# the fits; with joblib's backend ``"dask"``, the workers of a cluster do them: here, two. Each
# worker has one thread. This process, also with one thread, gets the same scores.

import joblib
import numpy as np
from sklearn.model_selection import GridSearchCV

from sksvhn.model_selection import NumberKFold

search = GridSearchCV(
    SVHNSequenceClassifier(
        channels=((16,), (32,), (64,)),
        augmentation=0.0,
        n_views=1,
        batch_size=32,
        max_epochs=8,
        device="cpu",  # two workers would share a GPU
        random_state=0,
    ),
    {"lr": [0.03, 0.1]},
    cv=NumberKFold(2),
    refit=False,
)
start_worker()
n_threads = torch.get_num_threads()
torch.set_num_threads(1)
some, their_numbers = X[:1500], y[:1500]
scores = {"this process": search.fit(some, their_numbers).cv_results_["mean_test_score"]}
with joblib.parallel_config("dask", scatter=[some, their_numbers]):  # the data are sent once
    scores["two workers"] = search.fit(some, their_numbers).cv_results_["mean_test_score"]
print(f"{source}: {len(some)}")
print("the same scores:", np.array_equal(*scores.values()))
pd.DataFrame(scores, index=pd.Index(search.param_grid["lr"], name="lr"))

# %%
# On GPUs, start one worker for each, and let it see only that one::
#
#     CUDA_VISIBLE_DEVICES=0 dask worker tcp://scheduler:8786 --nthreads 1
#     CUDA_VISIBLE_DEVICES=1 dask worker tcp://scheduler:8786 --nthreads 1

# %%
# What it costs
# -------------
# The same pictures are read repeatedly by two workers, by one, and in this process with one thread.
# The times include opening the files, the network and writing the answers.

from itertools import cycle, islice
from statistics import median

paths = list(islice(cycle(photos / name for name in readable["path"]), 2000))
seconds = {}


def measure(how, read):
    start = time.perf_counter()
    read()
    seconds.setdefault(how, []).append(time.perf_counter() - start)


def by_workers():
    with TemporaryDirectory() as out:
        sksvhn.transcribe(paths, clf, out, whole=True, client=client, partition_size=250)


clf = sksvhn.load(work / "reader.sksvhn")
for n_workers in (2, 1):
    by_workers()  # so that no import is measured
    for _ in range(3):
        measure(f"{n_workers} worker{'s' * (n_workers - 1)}", by_workers)
    stopped = workers.pop()
    stopped.terminate()
    stopped.wait()
    while len(client.scheduler_info()["workers"]) > len(workers):
        time.sleep(0.1)
for _ in range(3):
    measure("this process", lambda: clf.read(paths))
torch.set_num_threads(n_threads)
client.close()
scheduler.close()

import matplotlib.pyplot as plt

rates = {how: len(paths) / median(taken) for how, taken in seconds.items()}
figure, ax = plt.subplots(figsize=(6, 2.2), layout="constrained")
bars = ax.barh(list(rates), list(rates.values()), color="#0072B2")
ax.bar_label(bars, fmt="{:,.0f}", padding=4)
ax.set(xlabel="Pictures a second, median of 3", xlim=(0, 1.15 * max(rates.values())))
ax.set_title(f"{source}, {os.cpu_count()} cores", fontsize=10)
ax.spines[["top", "right"]].set_visible(False)
temporary.cleanup()

# %%
# A worker does the same work as this process and also sends its answers. With so few pictures,
# starting and ending a job counts, too. A second worker gains only as much as there are idle cores,
# and the scheduler and this process, which writes the answers, need some of them. Measure with your
# own pictures before you rent machines: for large photographs, decoding is most of the work; for
# small ones, it is the network.
#
# A million pictures would take, at these rates:

for how, rate in rates.items():
    print(f"{how:>12}: {1_000_000 / rate / 60:.0f} minutes")
