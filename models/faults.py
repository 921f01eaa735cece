"""What may be told about a database that cannot be used."""

from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError


def database_fault(error: DBAPIError) -> str:
    """One line for a person: the driver's own words where those speak of files, hosts and tables, and never of a row."""
    words = type(error.orig).__name__
    if isinstance(error, OperationalError | ProgrammingError):
        words = next(iter(str(error.orig).splitlines()), words)
    if "no such table" in words or "does not exist" in words:
        words += " (has `notify database upgrade` been run?)"
    return f"the database cannot be used: {words}"
