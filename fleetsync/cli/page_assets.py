"""Read the style sheet, the script and the map of the HTML pages, which the package carries."""

from __future__ import annotations

from importlib.resources import files

from fleetsync.report.html.page import Assets

_SCRIPTS = ("data.js", "filter.js", "table.js", "map.js", "detail.js", "main.js")
"""The parts of the script in their order; together they are one script."""


def page_assets() -> Assets:
    """Read what every page carries."""
    folder = files("fleetsync.report.html") / "assets"
    script = "".join((folder / name).read_text("utf-8") for name in _SCRIPTS)
    world = (folder / "world.json").read_text("utf-8")
    return Assets((folder / "page.css").read_text("utf-8"), script, world.strip())
