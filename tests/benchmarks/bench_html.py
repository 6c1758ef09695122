"""Measure what the HTML page of a plan costs: to write, and in a browser if one is found.

Run as ``python tests/benchmarks/bench_html.py 100000``. The page is written by a process of its
own, so that the memory is its own.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from fleetsync.plan.seal import seal
from tests.benchmarks.bench_show import create, document, show
from tests.browser.conftest import ARGUMENTS, browser_path

_TIMED = """async (act) => {
  const start = performance.now();
  (0, eval)(act);
  const work = performance.now() - start;
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return [work, performance.now() - start];
}"""
_FRAMES = """async () => {
  const grid = document.getElementById("grid");
  const longest = [];
  for (let at = 0, last = performance.now(); at < 60; at += 1) {
    grid.scrollTop += 2000;
    await new Promise(requestAnimationFrame);
    longest.push(performance.now() - last);
    last = performance.now();
  }
  longest.sort((a, b) => a - b);
  return [longest[30], longest[57]];
}"""


def search(words: str) -> str:
    """Give the script that types words into the search."""
    return (
        "{const box = document.querySelector('input');"
        f"box.value = '{words}'; box.dispatchEvent(new Event('input'));}}"
    )


def look(page: Page, path: Path) -> None:
    """Print how long a browser takes."""
    page.goto(path.as_uri())
    paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN"
    print(f"first paint {page.evaluate(paint):.0f} ms,", end=" ")
    loaded = "performance.timing.loadEventEnd - performance.timing.fetchStart"
    print(f"loaded {page.evaluate(loaded):.0f} ms")
    acts = {
        "first search": search("device-00001"),
        "next search": search("z17 m3"),
        "clear": search(""),
        "sort by device": "document.querySelector('[data-column=device] button').click()",
        "sort down": "document.querySelector('[data-column=device] button').click()",
    }
    for name, act in acts.items():
        work, frame = page.evaluate(_TIMED, act)
        print(f"{name:16}{work:8.0f} ms, shown after {frame:.0f} ms")
    middle, slow = page.evaluate(_FRAMES)
    print(f"scroll frames: {middle:.0f} ms, 1 of 20 longer than {slow:.0f} ms")


def run(devices: int) -> None:
    """Print what a page of so many new devices takes."""
    print(f"{devices:,} devices")
    with TemporaryDirectory() as folder:
        plan = Path(folder) / "plan.json"
        with plan.open("w", encoding="ascii") as file:
            file.writelines(seal(document(create, devices)))
        took = show(plan, "html")
        print(f"written in {took.seconds:.1f} s, {took.megabytes:.0f} MB, {took.written:,} bytes")
        browser = browser_path()
        if not browser:
            print("no browser found")
            return
        page_file = plan.with_suffix(".html")
        plan.with_suffix(".out").rename(page_file)
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=browser, args=ARGUMENTS)
            look(chromium.new_page(bypass_csp=True), page_file)
            chromium.close()


def main() -> None:
    """Read the number of devices from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("devices", nargs="?", type=int, default=20_000)
    run(parser.parse_args().devices)


if __name__ == "__main__":
    main()
