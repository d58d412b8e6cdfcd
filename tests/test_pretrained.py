"""Estimators that come with the package."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import sksvhn
from sksvhn._files import _pretrained_files
from sksvhn.datasets import make_empty_surfaces, make_street_digits, make_street_numbers

from .cli.conftest import Run, run  # noqa: F401

FOLDER = Path(sksvhn.__file__).parent / "pretrained"
CARD = Path(__file__).parents[1] / "docs" / "pretrained.md"


def test_the_file_is_the_one_that_its_record_and_the_card_name() -> None:
    for name in _pretrained_files.pretrained_names():
        content = (FOLDER / f"{name}.sksvhn").read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        record = json.loads((FOLDER / f"{name}.json").read_text())
        assert (record["sha256"], record["bytes"]) == (digest, len(content))
        assert digest in CARD.read_text()
        assert len(content) < 4_000_000


def test_every_file_has_a_record_and_a_name_in_the_signature() -> None:
    names = {path.stem for path in FOLDER.iterdir() if path.suffix in (".sksvhn", ".json")}
    assert names == {"numbers", "locator", "digits"} == set(_pretrained_files.pretrained_names())


def test_reads_generated_numbers_and_is_not_sure_of_empty_surfaces() -> None:
    clf = sksvhn.load_pretrained("numbers")
    numbers = make_street_numbers(200, color=False, random_state=123_456)
    # Far below what it reads right, and far above what chance does.
    assert clf.score(numbers.images, numbers.target) > 0.6
    surfaces = make_empty_surfaces(200, color=False, random_state=123_456)
    sure = [np.median(clf.confidence(images)) for images in (numbers.images, surfaces)]
    assert sure[0] > 0.9 > 0.3 > sure[1]


def test_reads_photographs_in_colour(tmp_path: Path) -> None:
    numbers = make_street_numbers(50, margin=(0.3, 0.3), random_state=123_457)
    paths = [tmp_path / f"{i}.png" for i in range(50)]
    for path, pixels in zip(paths, numbers.images, strict=True):
        Image.fromarray(pixels).save(path)
    read = sksvhn.load_pretrained("numbers").read(paths)
    assert np.mean(read == numbers.target) > 0.5


def test_reads_generated_digits_whatever_stands_beside_them() -> None:
    digits = make_street_digits(300, color=False, random_state=123_458)
    clf = sksvhn.load_pretrained("digits")
    right = clf.predict(digits.images) == digits.target
    assert right.mean() > 0.6
    assert right[digits.frame["number"].str.len() > 2].mean() > 0.5


def test_a_digit_reader_of_colours_starts_from_it() -> None:
    digits = make_street_digits(200, random_state=123_459)
    clf = sksvhn.load_pretrained("digits").set_params(
        training__initial_model="digits", max_epochs=1, lr=0.001, augmentation=0, random_state=0
    )
    assert clf.fit(digits.images, digits.target).score(digits.images, digits.target) > 0.6


def test_each_call_gives_a_reader_of_its_own() -> None:
    first, second = (sksvhn.load_pretrained("numbers") for _ in range(2))
    first.set_params(min_confidence=0.5)
    assert second.min_confidence == 0


def test_unknown_names_are_refused() -> None:
    message = "name must be one of 'digits', 'locator', 'numbers'; got 'letters'."
    with pytest.raises(ValueError, match=re.escape(message)):
        sksvhn.load_pretrained("letters")  # type: ignore[call-overload]


def test_commands_take_the_name(run: Run, tmp_path: Path) -> None:  # noqa: F811
    picture = tmp_path / "photo.png"
    Image.fromarray(make_street_numbers(1, random_state=0).images[0]).save(picture)
    expected = sksvhn.load_pretrained("numbers").read(picture)[0]
    result = run("read", "--whole", picture)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[1].split(",")[:2] == [str(picture), expected]
    assert run("info", "numbers").exit_code == 0
