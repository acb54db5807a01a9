"""What the pages under Learn compute: small, pure, and in numbers that can be followed by hand."""
