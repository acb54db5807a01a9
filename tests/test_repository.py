"""What the repository promises about itself: reasons, pins, licences, and nothing that only one machine knows."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")
TEXT = {".py", ".md", ".txt", ".toml", ".json", ".yml", ".yaml", ".sh", ".js", ".css", ".html", ".cfg", ""}

# Written in pieces, so that this file does not find itself.
PRIVATE = tuple(
    "".join(pieces)
    for pieces in (
        ("..", "/shared"),
        ("/wo", "rk/"),
        ("/opt/", "wheels"),
        ("pypi", ".org"),
        ("python", "hosted.org"),
        ("download.", "pytorch.org"),
        ("registry.", "npmjs"),
        ("deb.", "debian.org"),
    )
)


def tracked_files() -> list[Path]:
    """Every file that git would ship, committed or about to be."""
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [path for name in listing.split("\0") if name and (path := ROOT / name).is_file()]


def packages(name: str) -> list[str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_requirement_says_what_for(name: str) -> None:
    silent = [line for line in packages(name) if not re.search(r"\s#\s+\S+", line)]
    assert packages(name)
    assert not silent, f"{name}: no reason given for {silent}"


def test_torch_is_pinned() -> None:
    assert any(re.match(r"torch==2\.13\.0\s", line) for line in packages("requirements.txt"))


def test_nothing_names_a_machine_or_a_registry() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in tracked_files()
        if path.suffix in TEXT
        for word in PRIVATE
        if word in path.read_text(encoding="utf-8")
    ]
    assert not found, "\n".join(found)


def test_weights_are_small() -> None:
    weights = sorted((ROOT / "assets").rglob("*.safetensors"))
    assert len(weights) >= 4
    for path in weights:
        assert path.stat().st_size < 4 * 2**20, f"{path} has {path.stat().st_size:,} bytes."


def test_readme_links_lead_somewhere() -> None:
    for page in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#]+)", text):
            assert target.startswith("http") or (ROOT / target).exists(), (
                f"{page} points to {target}, which is not there."
            )


def test_readme_scores_are_those_of_the_cards() -> None:
    rows = re.findall(r"^\| \[([\w-]+)\]\(assets/.*$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(rows) == ["adrenal", "air-quality", "hippocampus", "land-cover"]
    for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("| [") and (scores := re.findall(r"\b\d\.\d{3}\b", line)):
            name = line.split("]")[0].removeprefix("| [")
            card = (ROOT / "assets" / name / "CARD.md").read_text(encoding="utf-8")
            assert not [score for score in scores if score not in card], f"{name}: {scores} are not all in its card."


@pytest.mark.parametrize("command", [".ci/run", "tests/browser/install.sh"])
def test_scripts_stop_at_the_first_error(command: str) -> None:
    path = ROOT / command
    assert path.stat().st_mode & 0o111, f"{command} is not executable."
    assert "set -euo pipefail" in path.read_text(encoding="utf-8")
