"""Reading pictures from a shell."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import sksvhn
from sksvhn import SVHNSequenceClassifier

from ..estimators._pictures import bar_numbers
from .conftest import Run, digits, words

# Pictures that numbers fill.
WHOLE = ("read", "--whole", "--model")

Bars = tuple[NDArray[np.uint8], NDArray[np.object_]]


def lines_of(text: str) -> list[list[str]]:
    """Rows of CSV without those of errors: path, reading, confidence and what more there is."""
    return [row[:-1] for row in csv.reader(io.StringIO(text))][1:]


def test_reads_a_folder_as_python_does(
    run: Run, reader: SVHNSequenceClassifier, model: Path, folder: Path, bars: Bars
) -> None:
    result = run(*WHOLE, model, folder)
    assert result.exit_code == 0
    assert result.stderr == ""
    numbers, sure = reader.predict(bars[0][:8], return_confidence=True)
    assert lines_of(result.stdout) == [
        [str(folder / f"{i}.png"), number, f"{p:.6f}"]
        for i, (number, p) in enumerate(zip(numbers, sure, strict=True))
    ]
    assert len(set(numbers)) > 3


def test_json_and_csv_hold_the_same(run: Run, model: Path, folder: Path) -> None:
    rows = [json.loads(line) for line in run(*WHOLE, model, folder, "--json").stdout.splitlines()]
    table = list(csv.DictReader(io.StringIO(run(*WHOLE, model, folder, "--csv").stdout)))
    assert len(rows) == len(table) == 8
    for row, line in zip(rows, table, strict=True):
        assert set(row) == set(line) == {"path", "reading", "confidence", "error"}
        assert row["error"] is None
        assert (row["path"], row["reading"]) == (line["path"], line["reading"])
        assert float(line["confidence"]) == pytest.approx(row["confidence"], abs=1e-6)


def test_order_is_that_of_the_arguments(run: Run, model: Path, folder: Path) -> None:
    wanted = [folder / "5.png", folder / "0.png", folder / "5.png"]
    stdin = "".join(f"{path}\n" for path in wanted)
    by_argument = run(*WHOLE, model, *wanted).stdout
    assert [line[0] for line in lines_of(by_argument)] == list(map(str, wanted))
    assert run(*WHOLE, model, "-", stdin=stdin).stdout == by_argument
    assert run(*WHOLE, model, "-", stdin=stdin[:-1]).stdout == by_argument  # no last line end


def test_pattern_and_recursion(run: Run, model: Path, folder: Path) -> None:
    (folder / "inner").mkdir()
    (folder / "7.png").rename(folder / "inner" / "7.png")
    assert len(lines_of(run(*WHOLE, model, folder / "[0-3].png").stdout)) == 4
    assert len(lines_of(run(*WHOLE, model, folder).stdout)) == 7
    assert len(lines_of(run(*WHOLE, model, "-r", folder).stdout)) == 8


def test_pictures_of_every_kind_are_read_alike(
    run: Run, model: Path, tmp_path: Path, bars: Bars
) -> None:
    # Enlarged, so that JPEG leaves it as it is.
    upright = Image.fromarray(bars[0][0]).resize((160, 160))
    upright.save(tmp_path / "plain.png")
    upright.save(tmp_path / "grey.tif")
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees to the right
    turned = upright.convert("RGB").transpose(Image.Transpose.ROTATE_90)
    turned.save(tmp_path / "photo.jpg", exif=exif, quality=95)
    alpha = upright.convert("RGBA")
    alpha.putpixel((0, 0), (0, 0, 0, 0))
    alpha.save(tmp_path / "alpha.png")
    names = ["plain.png", "grey.tif", "photo.jpg", "alpha.png"]
    result = run(*WHOLE, model, *(tmp_path / name for name in names))
    assert result.exit_code == 0, result.stderr
    rows = lines_of(result.stdout)
    assert len({row[1] for row in rows}) == 1
    assert [float(row[2]) for row in rows] == pytest.approx([float(rows[0][2])] * 4, abs=0.05)


def test_bad_pictures_are_counted_and_the_rest_is_read(
    run: Run, model: Path, folder: Path, tmp_path: Path
) -> None:
    content = (folder / "1.png").read_bytes()
    (folder / "1.png").write_bytes(content[: len(content) // 2])
    (folder / "2.png").write_text("not a picture")
    absent = tmp_path / "absent.png"
    result = run(*WHOLE, model, folder, absent, "--csv")
    assert result.exit_code == 1
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [Path(row["path"]).name for row in rows] == [
        *(f"{i}.png" for i in range(8)),
        "absent.png",
    ]
    failed = [row for row in rows if row["error"]]
    assert [Path(row["path"]).name for row in failed] == ["1.png", "2.png", "absent.png"]
    assert all(row["reading"] == row["confidence"] == "" for row in failed)
    assert failed[1]["error"].startswith("it holds no picture that can be read; expected PNG")
    assert failed[2]["error"] == "No such file or directory"
    errors = result.stderr.splitlines()
    assert errors[-1] == "Error: 3 of 9 pictures could not be read."
    assert errors[0].startswith(f"Error: {folder / '1.png'}: ")
    assert len(errors) == 4


@pytest.mark.parametrize("name", ["empty", "*.gif"])
def test_nothing_there_is_an_error(run: Run, model: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    result = run(*WHOLE, model, tmp_path / name)
    assert result.exit_code == 1
    assert "1 of 1 picture could not be read" in result.stderr


def test_no_paths_on_standard_input_is_none(run: Run, model: Path) -> None:
    result = run(*WHOLE, model, "-", stdin="")
    assert (result.exit_code, result.stderr) == (0, "")
    assert lines_of(result.stdout) == []


def test_rejected_readings(run: Run, model: Path, folder: Path) -> None:
    sure = [float(line[2]) for line in lines_of(run(*WHOLE, model, folder).stdout)]
    limit = sorted(sure)[4]
    result = run(*WHOLE, model, folder, "--min-confidence", repr(limit + 1e-6))
    assert result.exit_code == 0
    shown = [line[1] for line in lines_of(result.stdout)]
    assert [number == "" for number in shown] == [p <= limit for p in sure]
    rows = run(*WHOLE, model, folder, "--json", "--min-confidence", repr(limit + 1e-6)).stdout
    for row, number in zip(map(json.loads, rows.splitlines()), shown, strict=True):
        assert row["reading"] == (number or None)
        assert row["confidence"] is not None


def test_min_confidence_of_the_model_stands(
    run: Run, reader: SVHNSequenceClassifier, model: Path, folder: Path, tmp_path: Path
) -> None:
    careful = sksvhn.load(model).set_params(min_confidence=1.0)
    careful.save(tmp_path / "careful.sksvhn")
    shown = run(*WHOLE, tmp_path / "careful.sksvhn", folder).stdout
    assert {line[1] for line in lines_of(shown)} == {""}
    shown = run(*WHOLE, tmp_path / "careful.sksvhn", folder, "--min-confidence", 0).stdout
    assert shown == run(*WHOLE, model, folder).stdout


@pytest.fixture
def street(tmp_path: Path, bars: Bars) -> Path:
    """Two pictures in which the number is at a place of its own."""
    folder = tmp_path / "street"
    folder.mkdir()
    for name, image, left in (("a", bars[0][0], 10), ("b", bars[0][1], 40)):
        canvas = np.full((60, 90), 128, np.uint8)
        canvas[20:36, left : left + 16] = image
        Image.fromarray(canvas).save(folder / f"{name}.png")
    return folder


def test_boxes(
    run: Run, reader: SVHNSequenceClassifier, model: Path, street: Path, tmp_path: Path
) -> None:
    a, b = street / "a.png", street / "b.png"
    expected, sure = reader.read(
        [a, b], boxes=[[10, 20, 16, 16], [40, 20, 16, 16]], return_confidence=True
    )
    wanted = [
        [str(path), number, f"{p:.6f}"]
        for path, number, p in zip((a, b), expected, sure, strict=True)
    ]
    assert lines_of(run("read", "--model", model, a, "--box", "10,20,16,16").stdout) == wanted[:1]
    two = run("read", "--model", model, a, "--box", "10,20,8,16", "--box", "18,20,8,16")
    assert lines_of(two.stdout) == wanted[:1]
    table = tmp_path / "boxes.csv"
    table.write_text(
        f"width,height,path,left,top\n8,16,{a},10,20\n8,16,{a},18,20\n\n16,16,{b},40,20\n"
    )
    result = run("read", "--model", model, street, "--boxes", table)
    assert lines_of(result.stdout) == wanted
    assert result.stderr == ""


def test_box_outside_its_picture_is_an_error_of_that_picture(
    run: Run, model: Path, street: Path
) -> None:
    result = run("read", "--model", model, street, "--box", "100,20,16,16")
    assert result.exit_code == 1
    assert "2 of 2 pictures could not be read" in result.stderr


def test_pictures_that_the_boxes_do_not_name_are_told(
    run: Run, model: Path, street: Path, tmp_path: Path
) -> None:
    table = tmp_path / "boxes.csv"
    table.write_text(f"path,left,top,width,height\n{street / 'a.png'},10,20,16,16\n")
    result = run("read", "--model", model, street, "--boxes", table)
    assert result.exit_code == 0
    assert f"Warning: {table} has no box for 1 of the pictures" in result.stderr


def test_candidates_for_all(
    run: Run, reader: SVHNSequenceClassifier, model: Path, folder: Path, bars: Bars, tmp_path: Path
) -> None:
    listed = ["0", "13", "31", "222"]
    path = tmp_path / "numbers.txt"
    path.write_text("\n".join([*listed, "13", ""]))  # 13 twice, as a street list may have it
    rows = run(*WHOLE, model, folder, "--candidates", path, "--json").stdout.splitlines()
    ranked = reader.rank_candidates(bars[0][:8], [listed] * 8)
    for i, row in enumerate(map(json.loads, rows)):
        assert row["reading"] == ranked.best[i]
        assert row["confidence"] == pytest.approx(ranked.posterior[i].max())
        assert row["in_list"] == pytest.approx(ranked.in_list[i])


def test_candidates_by_picture(run: Run, model: Path, folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "numbers.csv"
    path.write_text(f"path,candidate\n{folder / '0.png'},12\n{folder / '1.png'},3\n")
    result = run(
        *WHOLE, model, folder / "0.png", folder / "1.png", folder / "2.png", "--candidates", path
    )
    assert [line[1] for line in lines_of(result.stdout)] == ["12", "3", ""]
    assert f"Warning: {path} has no candidates for 1 of the pictures" in result.stderr


def test_candidates_in_the_form_of_the_labels(run: Run, folder: Path, tmp_path: Path) -> None:
    X, y = bar_numbers(32, alphabet="123")
    clf = SVHNSequenceClassifier(channels=((4,),), max_epochs=1, random_state=0)
    clf.fit(X, y.astype(int)).save(tmp_path / "ints.sksvhn")
    path = tmp_path / "numbers.txt"
    path.write_text("12\n7\n")
    result = run(*WHOLE, tmp_path / "ints.sksvhn", folder / "0.png", "--candidates", path)
    assert lines_of(result.stdout)[0][1] in ("12", "7")
    path.write_text("12B\n")
    result = run(*WHOLE, tmp_path / "ints.sksvhn", folder / "0.png", "--candidates", path)
    assert result.exit_code == 1
    assert "candidates must be numbers that the model can read" in result.stderr


def test_digits_are_read_too(run: Run, digit_model: Path, tmp_path: Path) -> None:
    pictures = digits(10)[0].astype(np.uint8)
    for digit in (0, 9):
        Image.fromarray(pictures[digit]).convert("RGB").save(tmp_path / f"{digit}.png")
    result = run(*WHOLE, digit_model, tmp_path)
    assert [line[1] for line in lines_of(result.stdout)] == ["0", "9"]
    (tmp_path / "list.txt").write_text("1\n")
    result = run(*WHOLE, digit_model, tmp_path, "--candidates", tmp_path / "list.txt")
    assert result.exit_code == 1
    assert "which reads single digits" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--json", "--csv"], "choose one of --json and --csv"),
        (["--box", "1,2,3"], "must be left,top,width,height"),
        (["--box", "1,2,3,4", "--boxes", "b.csv"], "choose one of --box and --boxes"),
        (["--box", "1,2,3,4", "--whole"], "choose one of --whole and --box"),
        (["--whole", "--all"], "leave out --all or --whole"),
        (["--box", "1,2,3,4", "--draw", "drawn"], "leave out --draw or --box"),
        (["--boxes", "b.csv", "--locator", "l.sksvhn"], "leave out --locator or --boxes"),
        (["--min-confidence", "2"], "--min-confidence"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_wrong_usage(run: Run, arguments: list[str], message: str) -> None:
    result = run("read", "1.png", *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert message in words(result.stderr)


@pytest.mark.parametrize("name", ["model.joblib", "model.bin"])
def test_pickles_are_not_loaded(
    run: Run, reader: SVHNSequenceClassifier, tmp_path: Path, name: str
) -> None:
    import joblib

    joblib.dump(reader, tmp_path / name)
    result = run(*WHOLE, tmp_path / name, "1.png")
    assert result.exit_code == 1
    assert f"{tmp_path / name} must be a model that sksvhn wrote; it is a pickle" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_absent_model(run: Run, tmp_path: Path) -> None:
    result = run(*WHOLE, tmp_path / "none.sksvhn", "1.png")
    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: there is no file at {tmp_path / 'none.sksvhn'}; pass a model that sksvhn wrote.\n"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="has no such names")
def test_names_with_line_ends_come_out_as_they_are(run: Run, model: Path, folder: Path) -> None:
    (folder / "0.png").rename(folder / "\x1b[2J\n.png")
    shown = run(*WHOLE, model, folder / "\x1b[2J\n.png")
    assert lines_of(shown.stdout)[0][0] == str(folder / "\x1b[2J\n.png")
    row = json.loads(run(*WHOLE, model, folder / "\x1b[2J\n.png", "--json").stdout)
    assert row["path"] == str(folder / "\x1b[2J\n.png")


@pytest.mark.skipif(sys.platform != "linux", reason="has no such names")
def test_names_that_are_no_text(run: Run, model: Path, folder: Path) -> None:
    path = bytes(folder) + b"/\xff.png"
    (folder / "0.png").rename(path.decode("utf-8", "surrogateescape"))
    result = run(*WHOLE, model, "-", "--csv", stdin=path + b"\n")
    assert result.exit_code == 0
    assert path in result.stdout_bytes
    assert path in run(*WHOLE, model, "-", stdin=path + b"\n").stdout_bytes


def test_large_pictures_and_boxes_that_are_no_pixels(run: Run, model: Path, folder: Path) -> None:
    path = folder / "0.png"
    assert run(*WHOLE, model, path, "--max-pixels", 256).exit_code == 0
    result = run(*WHOLE, model, path, "--max-pixels", 255)
    assert result.exit_code == 1
    assert "16 x 16 pixels, more than --max-pixels=255; shrink it" in result.stderr
    result = run("read", "--model", model, path, "--box", "0.1,0.2,0.5,0.3")
    assert result.exit_code == 1
    assert "must be (left, top, width, height) in pixels" in result.stderr
