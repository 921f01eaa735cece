"""Remakes the GOV.UK Frontend stylesheet and script that notify/web/static/govuk holds; needs npm, run by hand only.

Services outside GOV.UK may use the design system but not its typeface, crown or crest, so the stylesheet
is compiled with Arial and stripped of the one rule that names the crest.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FRONTEND = "6.3.0"  # the version that govuk-frontend-jinja 4.1 renders; move both together
SASS = "1.108.2"
TARGET = Path(__file__).parent.parent / "notify" / "web" / "static" / "govuk"
ENTRY = '@use "govuk-frontend/dist/govuk" with ($govuk-font-family: (arial, sans-serif));\n'
BRANDING = ("GDS Transport", "@font-face", "url(")


def main() -> int:
    """Compile, strip, check and copy; exit status 1 when branding is left in the stylesheet."""
    npm = shutil.which("npm")
    if npm is None:
        sys.stderr.write("npm is needed to remake the stylesheet\n")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        css = strip_crest(compile_css(work, npm))
        left = [word for word in BRANDING if word in css]
        if left:
            sys.stderr.write(f"branding is left in the stylesheet: {', '.join(left)}\n")
            return 1
        (TARGET / "govuk-frontend.min.css").write_text(css, encoding="utf-8")
        script = (work / "node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.js").read_text("utf-8")
        (TARGET / "govuk-frontend.min.js").write_text(without_source_map(script), encoding="utf-8")
    return 0


def compile_css(work: Path, npm: str) -> str:
    """The compressed stylesheet, compiled in `work` from the published sources."""
    packages = [f"govuk-frontend@{FRONTEND}", f"sass@{SASS}"]
    subprocess.run([npm, "install", "--ignore-scripts", "--no-save", *packages], cwd=work, check=True)  # noqa: S603  # our words
    (work / "entry.scss").write_text(ENTRY, encoding="utf-8")
    command = [npm, "exec", "--", "sass", "--no-source-map", "--style=compressed", "--quiet-deps"]
    subprocess.run([*command, "--load-path=node_modules", "entry.scss", "out.css"], cwd=work, check=True)  # noqa: S603
    return (work / "out.css").read_text("utf-8")


def strip_crest(css: str) -> str:
    """The stylesheet without the footer's crest: our own footer has none."""
    return re.sub(r"(?<=[{}])\.govuk-footer__copyright-logo[^{},]*\{[^{}]*\}", "", css)


def without_source_map(script: str) -> str:
    """The script without the pointer to a map that is not shipped."""
    return re.sub(r"//# sourceMappingURL=\S+\s*$", "\n", script)


if __name__ == "__main__":
    sys.exit(main())
