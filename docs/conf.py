"""Sphinx's settings. `tox run -e docs` builds docs/_build; npm gives one page its runtime."""

from __future__ import annotations

import sys
from importlib.metadata import version as version_of
from pathlib import Path

# Without it sphinx-gallery cannot look up halving searches in scripts that it doesn't run.
from sklearn.experimental import enable_halving_search_cv  # noqa: F401

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

project = "sksvhn"
author = "The sksvhn developers"
project_copyright = author
release = version = version_of("sksvhn")
language = "en-GB"

extensions = [
    "docstrings",
    "links",
    "mathml",
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_external_toc",
    "sphinx_gallery.gen_gallery",
    "try_page",
]
exclude_patterns = ["_build"]
# The contents are in _toc.yml, but for those that sphinx-gallery and autosummary write.
suppress_warnings = ["etoc.toctree"]
templates_path = ["_templates"]

# Markdown
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

# Docstrings
default_role = "literal"
autosummary_generate = True
autodoc_typehints = "none"
autodoc_default_options = {
    # scikit-learn's own, whose texts link to pages that are not here.
    "exclude-members": ",".join(
        [
            "get_metadata_routing",
            "set_fit_request",
            "set_output",
            "set_partial_fit_request",
            "set_predict_request",
            "set_score_request",
            "set_split_request",
            "set_transform_request",
        ]
    ),
}
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

# References to other packages, whose inventories would have to be downloaded.
nitpick_ignore_regex = [
    (
        r"py:.*",
        r"(collections|functools|h5py|joblib|matplotlib|numpy|pandas|sklearn|skorch|torch)\..*",
    ),
]

# Gallery: scripts called plot_*.py are run, others are shown. Those that did not change since the
# last build are not run again.
sphinx_gallery_conf = {
    "examples_dirs": "../examples/gallery",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/plot_",
    "ignore_pattern": r"__init__\.py|/_",
    "within_subsection_order": "FileNameSortKey",
    "download_all_examples": False,
    "write_computation_times": False,
    "show_memory": False,
    "show_signature": False,
    "remove_config_comments": True,
    "abort_on_example_error": True,
    "doc_module": ("sksvhn",),
    "backreferences_dir": None,
    "image_scrapers": ("matplotlib",),
    "ignore_repr_types": r"sksvhn\.plotting|matplotlib",  # their pictures are there
}

# Pages
html_theme = "pydata_sphinx_theme"
html_title = "sksvhn"
html_sidebars = {"install": [], "try": [], "tutorial": []}  # nothing is below them
html_static_path = ["_static"]
html_css_files = ["sksvhn.css"]
html_show_sourcelink = False
html_copy_source = False
html_use_index = False  # the API reference is one
html_theme_options = {
    "logo": {"text": "sksvhn"},
    "show_toc_level": 2,
    "header_links_before_dropdown": 6,
    "navigation_with_keys": False,
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_context = {"default_mode": "auto"}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = True

# The builder "linkcheck" lists links to other sites and fetches none.
linkcheck_ignore = [r"https?://"]
