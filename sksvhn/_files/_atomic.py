"""Write files as a whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def written_whole(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a name to write to in the same folder; the file gets its own once it is on the disk.

    It replaces an existing file, and raises OSErrors that name the path.
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise FileNotFoundError(
            f"{target} cannot be written because the folder {target.parent} does not exist; create "
            "it first."
        )
    if target.is_dir():
        raise IsADirectoryError(
            f"the output must be a file; {target} is a folder; name a file in it."
        )
    part = target.with_name(f".{target.name[:100]}.{uuid4().hex}.part")
    try:
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(part, target)
    except PermissionError as error:
        raise PermissionError(
            f"{target} cannot be written ({error.strerror}); change its permissions or choose "
            "another path."
        ) from None
    finally:
        part.unlink(missing_ok=True)
