#!/usr/bin/env bash
# Makes sure that the browser tests have a Chromium (one that is there, the system's package, or Playwright's own)
# and what Playwright's driver needs to run. Usage: tests/browser/install.sh PYTHON
set -euo pipefail

python="$1"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

found() { "$python" "$here/chromium.py" >/dev/null 2>&1; }
driver_runs() { "$python" -m playwright --version >/dev/null 2>&1; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

missing=()
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
