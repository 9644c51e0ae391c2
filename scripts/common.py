# SPDX-License-Identifier: GPL-2.0
"""What the Python scripts share: where things are, and how to stop."""

import os
import sys

REPO = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
CACHE = os.path.realpath(os.environ.get("CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "page-wp"))
LANES = ("uml", "qemu")
NAME = os.path.basename(sys.argv[0])


def say(text):
    """Progress goes to stderr: stdout belongs to the result."""
    print(f"{NAME}: {text}", file=sys.stderr, flush=True)


def die(text, status=1):
    say(text)
    sys.exit(status)


def cache_dir(*parts):
    path = os.path.join(CACHE, *parts)
    os.makedirs(path, exist_ok=True)
    return path
