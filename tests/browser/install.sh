#!/usr/bin/env bash
# Makes sure that the browser tests have a Chromium (one that is there, the system's package, or Playwright's own),
# what Playwright's driver needs to run, and a screen (Xvfb) with what napari's Qt needs to draw a window on it.
# Usage: tests/browser/install.sh PYTHON
set -euo pipefail

python="$1"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

found() { "$python" "$here/chromium.py" >/dev/null 2>&1; }
driver_runs() { "$python" -m playwright --version >/dev/null 2>&1; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

# What Qt's window needs is loaded only when it opens; without it Qt blames another package, or draws nothing.
window=(xvfb libgl1 libegl1 libgl1-mesa-dri libdbus-1-3 libfontconfig1 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4
    libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xkb1)

missing=()
if command -v dpkg-query >/dev/null; then
    for name in "${window[@]}"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
    done
fi
driver_runs || missing+=(libatomic1) # a bare Debian has none
command -v chromium chromium-browser google-chrome google-chrome-stable >/dev/null || found || missing+=(chromium)
if [ "${#missing[@]}" -gt 0 ] && command -v apt-get >/dev/null && as_root true 2>/dev/null; then
    echo "Installing ${missing[*]} with apt-get …"
    export DEBIAN_FRONTEND=noninteractive
    as_root apt-get update -qq
    as_root apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
if ! found; then
    echo "Installing Playwright's Chromium …"
    "$python" -m playwright install chromium
fi
"$python" -m playwright --version
"$python" "$here/chromium.py"
command -v Xvfb >/dev/null || { echo "Xvfb is missing, and napari's window cannot be tested without it: install xvfb." >&2; exit 1; }
