"""What moves on a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from sksvhn.cli import _console
from sksvhn.cli._progress import counting

from .conftest import Run


@pytest.fixture
def _watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the standard error stream were a terminal."""
    for module in ("_console", "_epochs", "_read"):
        monkeypatch.setattr(f"sksvhn.cli.{module}.shows_progress", lambda quiet: not quiet)
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich's word for a terminal


@pytest.mark.usefixtures("_watched")
def test_training(run: Run, archives: Path, tmp_path: Path) -> None:
    command = ("train", archives / "train.tar.gz", "-o", tmp_path / "m.sksvhn", "--image-size", 16)
    result = run(*command, "--max-epochs", 2, "-p", "channels=[[4]]")
    assert result.exit_code == 0
    assert "Loading" in result.stderr
    assert "Epoch 2 of 2: loss" in result.stderr
    assert "batches" in result.stderr
    assert "\x1b" not in result.stdout
    quietly = ("--max-epochs", 1, "-p", "channels=[[4]]", "-q", "--force")
    assert run(*command, *quietly).stderr == ""


@pytest.mark.usefixtures("_watched")
def test_reading(run: Run, model: Path, folder: Path) -> None:
    result = run("read", model, folder, "--csv")
    assert "8 pictures" in result.stderr
    assert len(result.stdout.splitlines()) == 9
    assert "1 picture " in run("read", model, folder / "1.png", "--csv").stderr


def test_nothing_moves_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    with _console.busy("Loading"), counting("pictures", shown=False) as count:
        count(3)
    assert capsys.readouterr() == ("", "")
