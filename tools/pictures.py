"""Take the pictures of docs/: each DAG template's graph after a run, and the trigger form.

Chromium must be installed (Debian's package `chromium`, or CHROMIUM=<its path>).
"""

import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path

from playwright.sync_api import Browser, FloatRect, Page, sync_playwright

from demo import pipelines
from demo.stack import ROOT, Stack

_PICTURES = ROOT / "docs" / "pictures"
_FORM = "tune_from_ui"
_SECTION = "Parameter ranges"
"""Of the form, to be unfolded; Airflow keeps one open at a time."""

_PATIENCE_MS = 120_000
_STILL_MS = 2_000
"""In which what moves, folds or is laid out anew has come to rest."""

_MARGIN = 16
# Airflow enlarges a graph to 1.5 times at most: so high that the longest one is nearly as large,
# and no wider than a page of documentation.
_GRAPH_WINDOW = (1300, 2000)
_FORM_WINDOW = (1100, 1600)


def main() -> None:
    """Run every template on a stack of its own, and take the pictures."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with (
        tempfile.TemporaryDirectory() as home,
        Stack(Path(home)) as stack,
        sync_playwright() as playwright,
    ):
        stack.start()
        pipelines.seed_all(stack)
        for dag_id in pipelines.DAG_IDS:
            pipelines.named(dag_id).drive(stack, [])
        # Chromium's sandbox needs rights that a container does not give.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for dag_id in pipelines.DAG_IDS:
            _take_graph(_page(browser, _GRAPH_WINDOW), stack, dag_id)
        _take_form(_page(browser, _FORM_WINDOW), stack)
        browser.close()


def _page(browser: Browser, window: tuple[int, int]) -> Page:
    page = browser.new_page(viewport={"width": window[0], "height": window[1]})
    page.set_default_timeout(_PATIENCE_MS)
    return page


def _take_graph(page: Page, stack: Stack, dag_id: str) -> None:
    """Take the graph of the run in which most tasks have succeeded, from top to bottom."""
    settings = {"default_dag_view": "graph", f"direction-{dag_id}": "DOWN"}
    for key, value in settings.items():
        page.add_init_script(f"""localStorage.setItem("{key}", '"{value}"')""")
    page.goto(f"{stack.airflow_url}/dags/{dag_id}/runs/{_best_run(stack, dag_id)}")
    page.locator(".react-flow__node").first.wait_for()
    page.get_by_label("Collapse Details Panel").click()
    # Not there if the DAG has no task groups.
    for expand in page.get_by_label("Expand all task groups").all():
        expand.click()
    page.wait_for_timeout(_STILL_MS)
    page.get_by_label("Fit View").click()
    page.wait_for_timeout(_STILL_MS)
    page.screenshot(
        path=_PICTURES / f"{dag_id}.png",
        clip=_around_nodes(page),
        style=".react-flow__panel { visibility: hidden }",
    )


def _best_run(stack: Stack, dag_id: str) -> str:
    successes: Counter[str] = Counter()
    for run in stack.api.runs(dag_id):
        run_id = run["dag_run_id"]
        states = [task["state"] for task in stack.api.task_instances(dag_id, run_id)]
        successes[run_id] = states.count("success")
    return successes.most_common(1)[0][0]


def _around_nodes(page: Page) -> FloatRect:
    nodes = page.locator(".react-flow__node").all()
    boxes = [box for node in nodes if (box := node.bounding_box())]
    left = min(box["x"] for box in boxes) - _MARGIN
    top = min(box["y"] for box in boxes) - _MARGIN
    right = max(box["x"] + box["width"] for box in boxes) + _MARGIN
    bottom = max(box["y"] + box["height"] for box in boxes) + _MARGIN
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}


def _take_form(page: Page, stack: Stack) -> None:
    """Take the form behind Trigger, with one section unfolded."""
    page.goto(f"{stack.airflow_url}/dags/{_FORM}")
    page.get_by_label("Trigger Dag").first.click()
    form = page.get_by_role("dialog")
    form.get_by_role("button", name=_SECTION, exact=True).click()
    page.wait_for_timeout(_STILL_MS)
    form.screenshot(path=_PICTURES / f"{_FORM}_form.png")


if __name__ == "__main__":
    main()
