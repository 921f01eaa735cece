"""The ways out of the service: for each channel its providers, the preferred one first, and how fast each may be used."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Self

from models.vocabulary import Channel
from notify.delivery.providers.base import Provider
from notify.delivery.rules.pace import Pace


@dataclass(frozen=True)
class Route:
    """One provider as the way out for one channel; with no `pace` as many messages as there are."""

    channel: Channel
    provider: Provider
    pace: Pace | None = None

    @property
    def key(self) -> tuple[Channel, str]:
        return self.channel, self.provider.name


@dataclass(frozen=True)
class Routes:
    """All routes, in the order of preference."""

    routes: tuple[Route, ...]

    @classmethod
    def to(cls, providers: Mapping[Channel, Provider]) -> Self:
        """One provider a channel, as fast as it goes."""
        return cls(tuple(Route(channel, provider) for channel, provider in providers.items()))

    def of(self, channel: Channel) -> tuple[Route, ...]:
        return tuple(route for route in self.routes if route.channel is channel)

    def first(self, channel: Channel) -> Provider:
        """The preferred provider of a channel. KeyError when there is none."""
        for route in self.routes:
            if route.channel is channel:
                return route.provider
        raise KeyError(channel)

    def carrier(self, channel: Channel, name: str | None) -> Provider | None:
        """The provider that is stored by this name with a message, if it is still set up."""
        for route in self.routes:
            if route.key == (channel, name):
                return route.provider
        return None

    def wrapped(self, wrap: Callable[[Provider], Provider]) -> "Routes":
        """The same routes, each to its provider as `wrap` makes it."""
        return Routes(tuple(replace(route, provider=wrap(route.provider)) for route in self.routes))
