"""The figures that the Code leaves to the force: a versioned data file."""

import tomllib
from dataclasses import dataclass, fields
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from notify.planning.rules.catalogue import Rule

SHIPPED = files("notify.planning") / "policy.toml"
MOST = 1000  # days or hours: a larger number is a slip of the pen


class PolicyError(ValueError):
    """The policy file cannot be used; the message lists every fault by name."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How long things may take where the Code is silent: working days (`_days`) and real hours (`_hours`)."""

    version: str
    default_standard_days: int = 5
    default_enhanced_days: int = 1
    urgent_hours: int = 4
    due_soon_hours: int = 24
    escalate_standard_days: int = 3
    escalate_enhanced_days: int = 1

    def days_for(self, rule: Rule, *, enhanced: bool) -> int:
        """The working days in which a rule is to be met: the Code's number, or policy's when it gives none."""
        if enhanced:
            return self.default_enhanced_days if rule.enhanced_days is None else rule.enhanced_days
        return self.default_standard_days if rule.standard_days is None else rule.standard_days


def load_policy(path: Path | None = None) -> Policy:
    """The policy in a file, or the shipped one; PolicyError names every unknown key and bad value at once."""
    file: Traversable = SHIPPED if path is None else path
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PolicyError(f"{file.name}: {error}") from error
    faults = _faults(data)
    if faults:
        raise PolicyError("\n".join(f"{file.name}, {fault}" for fault in faults))
    return Policy(**data)


def _faults(data: dict[str, Any]) -> list[str]:
    names = {field.name for field in fields(Policy)}
    faults = [f"{key}: unknown" for key in sorted(data.keys() - names)]
    version = data.get("version")
    if not isinstance(version, str) or not version:
        faults.append("version: must be a text")
    numbers = names - {"version"}
    # The exact type, because true is also an int to isinstance.
    bad = [
        key
        for key in sorted(numbers & data.keys())
        if type(data[key]) is not int or not 0 < data[key] <= MOST
    ]
    faults += [f"{key}: must be a whole number from 1 to {MOST}" for key in bad]
    return faults or _order_faults(Policy(**data))


def _order_faults(policy: Policy) -> list[str]:
    """An enhanced victim never waits longer than a standard one."""
    faults = []
    if policy.default_enhanced_days > policy.default_standard_days:
        faults.append("default_enhanced_days: is more than default_standard_days")
    if policy.escalate_enhanced_days > policy.escalate_standard_days:
        faults.append("escalate_enhanced_days: is more than escalate_standard_days")
    return faults
