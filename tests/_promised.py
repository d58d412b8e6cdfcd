"""What docs/reproducibility.md promises of answers that need not be equal to the bit."""

from __future__ import annotations

import re
from pathlib import Path

_PAGE = Path(__file__).parents[1] / "docs" / "reproducibility.md"
(_stated,) = re.findall(r"differ by at most `([^`]+)`", _PAGE.read_text(encoding="utf-8"))
#: Greatest difference of confidences and probabilities between batches, threads and processors.
BOUND = float(_stated)
