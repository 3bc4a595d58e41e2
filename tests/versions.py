"""Run the engine's tests on the oldest, the pinned and the newest releases that requirements.txt allows.

`make versions` runs all three sets; `python -m tests.versions oldest newest` runs those named. Each set has a virtual
environment of its own in the project's folder, which is made, or brought up to date, first.
"""

from __future__ import annotations

import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ["-r", "requirements.txt", "-r", "requirements-dev.txt"]
LIBRARIES = ("torch", "transformers", "gradio")  # whose releases change what the project calls
TESTS = (
    "tests/models",
    "tests/test_contract.py",
    "tests/test_exactness.py",
    "tests/test_lane.py",
    "tests/test_request.py",
    "tests/test_sampling.py",
    "tests/test_verify.py",
    "tests/test_versions.py",
)


def floors(requirements: str) -> Iterator[str]:
    """Yield the oldest allowed release of each of the libraries, as a requirement.

    >>> list(floors("torch>=2.11,<2.14\\nnumpy>=2.1\\n"))
    ['torch==2.11']
    """
    for line in requirements.splitlines():
        if line.strip() and not line.startswith("#"):
            required = Requirement(line)
            floor = next((one.version for one in required.specifier if one.operator == ">="), None)
            if required.name in LIBRARIES and floor is not None:
                yield f"{required.name}=={floor}"


def arguments_of(name: str) -> list[str]:
    """Give what pip is asked to install for a set.

    Raises:
        SystemExit: no set has this name.
    """
    if name == "oldest":
        return [*REQUIREMENTS, *floors((ROOT / "requirements.txt").read_text(encoding="utf-8"))]
    if name == "pinned":
        return [*REQUIREMENTS, "-c", "constraints.txt"]
    if name == "newest":
        return [*REQUIREMENTS, "--upgrade", "--upgrade-strategy", "eager"]
    raise SystemExit(f"versions: {name!r} is not one of oldest, pinned, newest")


def run(name: str) -> int:
    """Install a set and run the tests on it; the exit status of the first command that fails, else 0."""
    arguments = arguments_of(name)
    folder = ROOT / f".venv-{name}"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not python.exists():
        venv.create(folder, with_pip=True)
    show = "from importlib import metadata as m; print(*(f'{n} {m.version(n)}' for n in %r), sep=', ')"
    commands = (
        [python, "-m", "pip", "install", "-q", *arguments],
        [python, "-c", show % (LIBRARIES,)],
        [python, "-m", "pytest", "-p", "no:cacheprovider", *TESTS],
    )
    print(f"== {name} ({sys.version.split()[0]})", flush=True)
    for command in commands:
        if status := subprocess.run(command, cwd=ROOT).returncode:
            return status
    return 0


def main(names: list[str]) -> None:
    """Run the named sets, all of them by default, and exit with 1 if any failed."""
    failed = [name for name in names or ["oldest", "pinned", "newest"] if run(name)]
    if failed:
        sys.exit(f"versions: failed on {', '.join(failed)}")


if __name__ == "__main__":
    main(sys.argv[1:])
