"""Docstrings as people write them, told to reStructuredText.

Shapes name attributes, as in ``(n_samples, max_length_)``, whose last underscore is no reference,
and their stars are no emphasis; what is inherited from scikit-learn links to pages not here.
"""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

LITERAL = re.compile(r"(`+[^`]*`+_*)")
TRAILING_UNDERSCORE = re.compile(r"(?<=\w)_(?=[,)])")
LEADING_STAR = re.compile(r"(?<=[ (])\*(?=\w+[\[,)])")
ELSEWHERE = re.compile(r":ref:`([^`<]+?)\s*<[^`]*>`")


def tell(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Change the lines of one docstring, in place and before numpydoc does."""
    for i, line in enumerate(lines):
        if line.lstrip().startswith(">>>"):
            continue
        parts = LITERAL.split(ELSEWHERE.sub(r"\1", line))
        for k in range(0, len(parts), 2):
            parts[k] = TRAILING_UNDERSCORE.sub(r"\\_", LEADING_STAR.sub(r"\\*", parts[k]))
        lines[i] = "".join(parts)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the hook."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", tell, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
