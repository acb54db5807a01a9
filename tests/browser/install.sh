#!/usr/bin/env bash
# Makes sure that the browser tests have a Chromium: one that is there, the system's package, or Playwright's own.
# Usage: tests/browser/install.sh PYTHON
set -euo pipefail

python="$1"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

found() { "$python" "$here/chromium.py" >/dev/null 2>&1; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

if ! found && command -v apt-get >/dev/null && as_root true 2>/dev/null; then
    echo "Installing Chromium with apt-get …"
    export DEBIAN_FRONTEND=noninteractive
    as_root apt-get update -qq
    as_root apt-get install -y -qq --no-install-recommends chromium >/dev/null
fi
if ! found; then
    echo "Installing Playwright's Chromium …"
    "$python" -m playwright install chromium
fi
"$python" "$here/chromium.py"
