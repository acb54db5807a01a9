"""How fast the page is, beside others: frames, payloads, clicks, in a headless Chromium."""
