"""Build and use the page as a Hugging Face Space would: `make space`.

Python 3.12 (or the interpreter that is named), requirements.txt without constraints, a user without rights and without
a home, an app folder that cannot be written to, and proxies in the environment that nobody answers at. The embedded
model is put in a cache folder beforehand; after that nothing can be fetched. One run is decoded over the API.
"""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
NOBODY = 12345  # a user without an entry in the system, so without rights and without a home
PATIENCE = 180  # seconds until the page answers
CLOSED = "http://127.0.0.1:9"
DECODE = """
import json, sys
from gradio_client import Client
trace = Client(sys.argv[1], verbose=False).predict("Say hello.", "suffix", {}, api_name="/decode")
print(json.dumps(trace["footer"]["text"]))
"""


def installed(python: str, folder: Path) -> Path:
    """Make the environment and install what a Space installs; the interpreter in it."""
    made = folder / "bin" / "python"
    if not made.exists():
        subprocess.run([python, "-m", "venv", folder], check=True)
    subprocess.run(
        [made, "-m", "pip", "install", "-q", "spaces", "-r", "requirements.txt"], cwd=ROOT, check=True
    )
    return made


def copied(target: Path) -> Path:
    """Copy the files that git knows, where nobody may write, their owner included."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in listed.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    subprocess.run(["chmod", "-R", "a+rX,a-w", target], check=True)
    return target


def as_nobody(command: list[str | Path]) -> list[str | Path]:
    """The same command as a user that the system does not know."""
    return ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", *command]


def answers(address: str, server: subprocess.Popen[bytes]) -> bool:
    """Wait until the page answers; False if the server ends first, or takes too long."""
    until = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < until:
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=5):
                return True
        except OSError:
            time.sleep(0.5)
    return False


def check(python: Path, scratch: Path) -> None:
    """Serve the copy, decode once, and end it with a signal; SystemExit says what failed."""
    from accel.models import embedded

    cache = scratch / "cache" / "models"
    cache.mkdir(parents=True)
    shutil.copytree(embedded.folder(), cache / embedded.NAME)
    temporary = scratch / "tmp"
    temporary.mkdir()
    app = copied(scratch / "app")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        "PATH": "/usr/bin:/bin", "TMPDIR": str(temporary), "SPACE_ID": "local/draftscope", "SYSTEM": "spaces",
        "DRAFTSCOPE_PUBLIC": "1", "DRAFTSCOPE_CACHE": str(scratch / "cache"), "GRADIO_SERVER_PORT": str(port),
        "HTTP_PROXY": CLOSED, "HTTPS_PROXY": CLOSED, "http_proxy": CLOSED, "https_proxy": CLOSED,
    }  # fmt: skip
    server = subprocess.Popen(as_nobody([python, "app.py"]), cwd=app, env=environment)
    address = f"http://127.0.0.1:{port}"
    try:
        if not answers(address, server):
            raise SystemExit(f"space: the page did not answer (status {server.poll()})")
        client = [python, "-c", DECODE, address]
        text = subprocess.run(as_nobody(client), cwd=app, env=environment | {"NO_PROXY": "127.0.0.1"})
        if text.returncode:
            raise SystemExit("space: the run was not decoded")
    finally:
        subprocess.run(["chmod", "-R", "u+w", app], check=True)  # so that it can be removed
        server.send_signal(signal.SIGTERM)
        status = server.wait(timeout=60)
    if status:
        raise SystemExit(f"space: the server ended with status {status}")
    print("space: built, served, decoded and ended")


def main(arguments: list[str]) -> None:
    """Check with the interpreter named on the command line, python3.12 by default."""
    name = arguments[0] if arguments else "python3.12"
    python = shutil.which(name)
    if python is None or subprocess.run([python, "--version"]).returncode:
        raise SystemExit(f"space: {name} cannot be run; install it, or name another interpreter")
    with TemporaryDirectory(prefix="draftscope-space-") as scratch:
        check(installed(python, ROOT / f".venv-space-{Path(name).name}"), Path(scratch))


if __name__ == "__main__":
    main(sys.argv[1:])
