"""Links without markup that would stand in the way of who reads the sources.

Public names in `code` lead to their reference, links to a script of the gallery to its page.
"""

from __future__ import annotations

import re
from functools import cache

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.nodes import make_refnode

SCRIPT = re.compile(r"\]\(\.\./examples/gallery/(plot_\w+)\.py\)")
NO_LINKS = (nodes.reference, nodes.title, nodes.term)


def link_scripts(app: Sphinx, docname: str, source: list[str]) -> None:
    """Turn the scripts of the gallery that the source of one page links to into their pages."""
    source[0] = SCRIPT.sub(r"](auto_examples/\1.rst)", source[0])


def link_names(app: Sphinx, page: nodes.document, docname: str) -> None:
    """Link classes, functions and methods (`SVHNSequenceClassifier.top_k`) of one page."""
    targets = by_short_name(app)
    for literal in list(page.findall(nodes.literal)):
        name = literal.astext().removesuffix("()")
        if name not in targets or any(isinstance(node, NO_LINKS) for node in above(literal)):
            continue
        path, target_page, anchor = targets[name]
        if target_page != docname:
            child = literal.deepcopy()
            reference = make_refnode(app.builder, docname, target_page, anchor, child, path)
            literal.replace_self(reference)


@cache  # all pages have been read by then
def by_short_name(app: Sphinx) -> dict[str, tuple[str, str, str]]:
    """Return where the names are that people write: without the packages before them."""
    found = {}
    for path, entry in app.env.domains["py"].objects.items():
        parts = path.split(".")
        classes = [i for i, part in enumerate(parts) if part[0].isupper()]
        if entry.objtype in ("class", "function", "method"):
            short = ".".join(parts[classes[0] :] if classes else parts[-1:])
            found[short] = found[path] = (path, entry.docname, entry.node_id)
    return found


def above(node: nodes.Node) -> list[nodes.Node]:
    """Return the nodes that a node is in."""
    parents = []
    while node.parent is not None:
        node = node.parent
        parents.append(node)
    return parents


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the hooks."""
    app.connect("source-read", link_scripts)
    app.connect("doctree-resolved", link_names)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
