"""Settings of Sphinx; nothing is fetched while building."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import generate  # noqa: E402

from ostwerk_analysis import __version__  # noqa: E402

project = "ostwerk_analysis"
author = "The ostwerk_analysis developers"
version = release = __version__
language = "en"

extensions = ["myst_parser", "sphinx.ext.autosummary", "numpydoc"]
exclude_patterns = ["_build", "generated/*.md"]  # these are included by the pages around them
templates_path = ["_templates"]
myst_heading_anchors = 3
smartquotes = False  # a quotation mark in a code or message stays what it is
autosummary_generate = True
numpydoc_show_class_members = False
nitpicky = False

html_theme = "pydata_sphinx_theme"
html_title = "ostwerk_analysis"
html_theme_options = {
    "navbar_center": [],  # all pages stand at the side, by their captions
    "show_prev_next": False,
    "footer_start": [],
    "footer_end": [],
}
html_sidebars = {"**": ["globaltoc.html"]}
html_static_path = ["_static"]
html_css_files = ["side.css"]
html_show_sphinx = False
html_copy_source = False

generate.write(HERE / "generated")
