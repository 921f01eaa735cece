"""Reading the catalogue of the Code from its files."""

from importlib.resources import files
from importlib.resources.abc import Traversable

from notify.planning.rules.catalogue import Catalogue, CatalogueError, Edition
from notify.planning.rules.parse import parse_edition

SHIPPED = files("notify.planning.rules") / "editions"


def load_catalogue(folder: Traversable = SHIPPED) -> Catalogue:
    """The catalogue of every <id>.toml with its <id>.csv in a folder; CatalogueError lists every fault of all."""
    names = sorted({name for name, dot, kind in _parts(folder) if kind in {"toml", "csv"}})
    editions: list[Edition] = []
    faults: list[str] = []
    for name in names:
        try:
            editions.append(
                parse_edition(name, *(_text(folder / f"{name}.{kind}") for kind in ("toml", "csv")))
            )
        except CatalogueError as error:
            faults += error.faults
    if faults:
        raise CatalogueError(faults)
    return Catalogue(tuple(editions))


def _parts(folder: Traversable) -> list[tuple[str, str, str]]:
    return [entry.name.rpartition(".") for entry in folder.iterdir()]


def _text(file: Traversable) -> str:
    """The text of a file; one that is missing or not UTF-8 is a CatalogueError."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CatalogueError([f"{file.name}: missing"]) from None
    except UnicodeDecodeError:
        raise CatalogueError([f"{file.name}: not UTF-8"]) from None
