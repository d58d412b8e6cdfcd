"""The command as a process: exit codes, streams, signals, what it imports."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import sksvhn
from sksvhn.cli import app

from .conftest import Run

COMMAND = [sys.executable, "-m", "sksvhn"]
COMMANDS = ["train", "evaluate", "read", "transcribe", "info", "convert", "export"]


def test_version(run: Run) -> None:
    assert run("--version").stdout == f"sksvhn {sksvhn.__version__}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_help(run: Run, name: str) -> None:
    assert name in run("--help").stdout
    for option in ("--help", "-h"):
        result = run(name, option)
        assert result.exit_code == 0
        assert "Example: sksvhn " + name in " ".join(result.stdout.split())
        assert "bool" not in result.stdout  # flags take no value


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["reed"], "No such command 'reed'."),
        (["--no"], "No such option: --no"),
        (["train", "--no"], "No such option: --no"),
        (["train"], "Missing argument 'DATA'."),
        (["read", "1.png", "--min-confidence", "3"], "Invalid value for '--min-confidence': "),
        (
            ["read", "1.png", "--box", "1"],
            "Invalid value for --box: must be left,top,width,height in pixels, such as",
        ),
    ],
)
def test_wrong_usage_is_a_sentence(run: Run, arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    usage, hint, blank, said = result.stderr.splitlines()
    assert usage.startswith("Usage: sksvhn")
    assert hint.startswith("Try 'sksvhn")
    assert blank == ""
    assert said.startswith(f"Error: {message}")


def test_help_without_a_command(run: Run) -> None:
    result = run()
    assert result.exit_code in (0, 2)  # 0 before click 8.2
    assert "train" in result.output
    assert "Error" not in result.output


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from sksvhn.cli import main; sys.argv[1:] = ['read', '--help']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted(set(sys.modules) & {'torch', 'sklearn', 'pandas', 'numpy', 'h5py', 'PIL'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_streams_and_exit_code(model: Path, folder: Path) -> None:
    (folder / "3.png").write_bytes(b"")
    done = subprocess.run(
        [*COMMAND, "read", "--whole", "--model", str(model), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 9
    assert [line[:7] for line in done.stderr.splitlines()] == ["Error: ", "Error: "]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX terminals")
@pytest.mark.parametrize("no_color", ["", "1"])
def test_colour_on_terminals_alone(
    no_color: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    import pty

    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv("NO_COLOR", no_color)
    ours, theirs = pty.openpty()
    with open(theirs, "w") as terminal, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", terminal)
        info_of_nothing()
    shown = os.read(ours, 1000)
    os.close(ours)
    assert (b"\x1b[31m" in shown) == (not no_color)
    info_of_nothing()
    said = "Error: there is no file at absent; pass a model that sksvhn wrote.\n"
    assert capfd.readouterr() == ("", said)


def info_of_nothing() -> None:
    """Run the command on the streams as they are, which the fixture `run` replaces."""
    with pytest.raises(SystemExit, match=r"^1$"):
        app(["info", "absent"], prog_name="sksvhn")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX shells")
def test_reader_of_the_output_leaves(model: Path, folder: Path) -> None:
    arguments = " ".join([str(folder / "1.png")] * 600)
    done = subprocess.run(
        [
            "sh",
            "-c",
            f"'{sys.executable}' -m sksvhn read --whole --model '{model}' {arguments} | head -n 1",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_keeps_what_was_learned(archives: Path, tmp_path: Path) -> None:
    out = tmp_path / "model.sksvhn"
    options = ["--max-epochs", "100000", "--image-size", "16", "-p", "channels=[[4]]"]
    folder = tmp_path / "checkpoints"
    options += ["--checkpoint-dir", str(folder)]
    command = [*COMMAND, "train", str(archives / "train.tar.gz"), "-o", str(out), *options]
    with subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # What runs in a shell's background ignores Ctrl-C, and so do its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as it:
        assert it.stderr is not None
        for line in it.stderr:
            if line.startswith("Epoch 3 "):
                break
        it.send_signal(signal.SIGINT)
        printed, said = it.communicate(timeout=600)  # only a hang takes longer
    assert it.returncode == 130
    assert printed == ""
    assert "Warning: stopped after " in said
    assert "Traceback" not in said
    assert sksvhn.load(out).n_iter_ >= 3
    assert list(folder.glob("*.checkpoint"))  # wherever it struck


@pytest.mark.parametrize(("command", "other"), [("evaluate", "test.tar.gz"), ("transcribe", ".")])
def test_swapped_arguments_are_told(
    run: Run, model: Path, archives: Path, command: str, other: str
) -> None:
    given = archives / other
    result = run(command, given, model, *(("--out", "o") if command == "transcribe" else ()))
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"write: sksvhn {command} {model} {given}" in result.stderr


def test_mistakes_of_the_package_show_no_traceback(
    run: Run, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("weights")

    monkeypatch.setattr("sksvhn.estimators._saving.load_with_versions", fail)
    result = run("info", model)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: unexpected KeyError ('weights'); please report it.\n"


def test_ctrl_c_before_anything_is_learned(
    run: Run, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sksvhn.estimators._saving.load_with_versions", interrupt)
    result = run("info", model)
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "")
