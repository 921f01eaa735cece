"""The project's own source, as the architecture tests read it."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("config.py", "wsgi.py", "models", "notify", "jobs")
ALL = (*PRODUCT, "bench", "chaos", "examples", "tests", "tools")


def modules(*roots: str) -> list[Path]:
    """Return the path of every module below roots, from the top of the project, without generated migrations."""
    tops = [ROOT / root for root in roots]
    found = [path for top in tops for path in ([top] if top.suffix else sorted(top.rglob("*.py")))]
    return [path.relative_to(ROOT) for path in found if path.exists() and "versions" not in path.parts]


def parsed(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), str(path))
