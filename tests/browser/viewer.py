"""What a person does in the volume viewer, and what it shows."""

import io
import re

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.actions import LIMIT_MS

Voxel = tuple[int, ...]

# Where the middle of a voxel lies in a plane, in page coordinates; the viewer keeps the planes as it drew them.
PLACE = """(root, [name, voxel]) => {
    const { planes, parts } = root.viewer;
    const plane = planes.find((each) => each.name === name);
    const box = parts.canvas.getBoundingClientRect();
    const middle = (axis, place) => (place(voxel[axis]) + place(voxel[axis] + 1)) / 2;
    return [box.x + middle(plane.across, plane.x), box.y + middle(plane.up, plane.y)];
}"""


def viewer(page: Page) -> Locator:
    """The viewer once it has drawn what it was sent; the first picture of software GL takes its time."""
    root = page.get_by_test_id("volume-viewer")
    expect(root).to_have_attribute("data-query", re.compile(r"\d+,\d+,\d+"), timeout=2 * LIMIT_MS)
    return root


def line(page: Page, name: str) -> Locator:
    """What the readout says under a name: "Voxel", "World", "Image", "Label", "Attention", "Rollout"."""
    lines = viewer(page).get_by_test_id("volume-readout").locator("div")
    return lines.filter(has=page.locator("dt", has_text=re.compile(f"^{name}$"))).locator("dd")


def place_of_voxel(page: Page, plane: str, voxel: Voxel) -> tuple[float, float]:
    """Where the middle of a voxel lies on the screen, in a plane that may go through another one."""
    root = viewer(page)
    root.get_by_test_id("volume-canvas").evaluate("canvas => canvas.scrollIntoView({ block: 'center' })")
    x, y = root.evaluate(PLACE, [plane, list(voxel)])
    return x, y


def click_voxel(page: Page, plane: str, voxel: Voxel, shift: bool = False) -> None:
    """Clicks into the middle of a voxel of a plane."""
    x, y = place_of_voxel(page, plane, voxel)
    if shift:
        page.keyboard.down("Shift")
    page.mouse.click(x, y)
    if shift:
        page.keyboard.up("Shift")


def expect_marked(page: Page, query: Voxel, key: Voxel | None = None) -> None:
    """Waits until the viewer frames these tokens, each told by its middle voxel."""
    root = viewer(page)
    expect(root).to_have_attribute("data-query", ",".join(map(str, query)), timeout=LIMIT_MS)
    expect(root).to_have_attribute("data-key", "" if key is None else ",".join(map(str, key)), timeout=LIMIT_MS)


def viewer_pixels(page: Page) -> np.ndarray:
    """The planes and the 3-D as they stand on the screen, (height, width, 3)."""
    viewer(page)
    stage = page.locator(".nv-stage")
    stage.evaluate("stage => stage.scrollIntoView({ block: 'center' })")  # not below the page's own header
    page.wait_for_timeout(300)
    picture = stage.screenshot(timeout=LIMIT_MS)
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))
