# SPDX-License-Identifier: GPL-2.0
"""What the Python scripts share: where things are, and how to stop."""

import fcntl
import os
import re
import subprocess
import sys
import tempfile

REPO = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
CACHE = os.path.realpath(os.environ.get("CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "page-wp"))
LANES = ("uml", "qemu")
NAME = os.path.basename(sys.argv[0])
LOCKS = []

# What is generated must not depend on the settings of whoever runs this.
os.environ.update(GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_SYSTEM="/dev/null", LC_ALL="C")


def say(text):
    """Progress goes to stderr: stdout belongs to the result."""
    print(f"{NAME}: {text}", file=sys.stderr, flush=True)


def die(text, status=1):
    say(text)
    sys.exit(status)


def run(command, **kwargs):
    """A command that has to work; what went wrong it says itself."""
    done = subprocess.run(command, check=False, **kwargs)
    if done.returncode:
        die(f"failed: {' '.join(command)}")
    return done


def cache_dir(*parts):
    path = os.path.join(CACHE, *parts)
    os.makedirs(path, exist_ok=True)
    return path


def log_file(name):
    return os.path.join(cache_dir("log"), name)


def git(*args, env=None, check=True, text=None):
    """git in the kernel repository of the cache folder; returns its output."""
    done = subprocess.run(["git", "-C", os.path.join(CACHE, "linux"), *args], check=False,
                          input=text, capture_output=True, text=True,
                          env={**os.environ, **(env or {})})
    if check and done.returncode:
        die(f"git {' '.join(args)}: {done.stderr.strip()}")
    return done.stdout.strip() if check else done


def base():
    """(SHA-256 of the tarball, kernel version, commit), as scripts/setup left them."""
    try:
        with open(os.path.join(CACHE, "base.stamp"), encoding="ascii") as stamp:
            return tuple(stamp.read().split())
    except FileNotFoundError:
        die("there is no base kernel yet: run make setup")


def lock(name):
    """Held until the process ends."""
    handle = open(os.path.join(cache_dir(), name + ".lock"), "w", encoding="ascii")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say(f"waiting for another {name}")
        fcntl.flock(handle, fcntl.LOCK_EX)
    LOCKS.append(handle)


# Fixed, so that the same sources give the same commits and the same patches.
IDENTITY = {f"GIT_{who}_{what}": value
            for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "Page WP Project"),
                                ("EMAIL", "page-wp@localhost.localdomain"))}


def commit_env(number):
    """Each commit of the series is a minute younger than the one before."""
    date = f"{1767225600 + 60 * number} +0000"
    return {**IDENTITY, "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}


def patch_message(text):
    """Subject and body of a mail-style patch; the subject may be folded."""
    headers, _, rest = text.partition("\n\n")
    headers = re.sub(r"\n[ \t]+", " ", headers)
    match = re.search(r"^Subject: (?:\[[^]]*\] *)?(.*)$", headers, re.M)
    if not match:
        raise ValueError("no Subject: line")
    body = re.split(r"^(?:---$|diff --git )", rest, maxsplit=1, flags=re.M)[0].strip()
    return match[1].strip() + ("\n\n" + body if body else "") + "\n"


def apply_patches(start, paths):
    """Commits the patches, one by one, on top of start; needs no checkout."""
    with tempfile.TemporaryDirectory(dir=cache_dir("tmp")) as tmp:
        index = {"GIT_INDEX_FILE": os.path.join(tmp, "index")}
        git("read-tree", start, env=index)
        for number, path in enumerate(paths, 1):
            with open(path, encoding="utf-8") as patch:
                text = patch.read()
            done = git("apply", "--cached", "--whitespace=nowarn", path, env=index, check=False)
            if done.returncode:
                die(f"{path} does not apply: {done.stderr.strip()}")
            tree = git("write-tree", env=index)
            start = git("commit-tree", "-p", start, tree, env=commit_env(number),
                        text=patch_message(text))
    return start


def inside():
    """The files that may use the mapping and the index of a page, and are not threaded."""
    with open(os.path.join(REPO, "cocci", "inside"), encoding="utf-8") as file:
        return {line.split("#")[0].strip() for line in file} - {""}


def committed_patches():
    folder = os.path.join(REPO, "patches", "6.12")
    try:
        with open(os.path.join(folder, "series"), encoding="utf-8") as series:
            return [os.path.join(folder, line.strip()) for line in series if line.strip()]
    except FileNotFoundError:
        return []


def worktree(name, commit):
    """Checks commit out as branch `name` in CACHE/name; files that do not change
    keep their time, so that a build redoes little."""
    path = os.path.join(CACHE, name)
    if not os.path.exists(os.path.join(path, ".git")):
        git("worktree", "prune")
        git("worktree", "add", "-q", "-f", "-B", name, path, commit)
    elif (git("-C", path, "rev-parse", "HEAD") != commit or
          git("-C", path, "status", "--porcelain")):
        git("-C", path, "checkout", "-q", "-f", "-B", name, commit)
        git("-C", path, "clean", "-qfd")
    return path
