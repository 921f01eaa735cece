"""What a request knows: the services of its application, its own id, and the endpoint it reached."""

from typing import cast
from uuid import UUID, uuid4

from flask import Flask, current_app, g, request

from notify.wiring import Services

KEY = "notify_services"


def keep_services(app: Flask, services: Services) -> None:
    """Give an application the services that its views will ask for."""
    app.extensions[KEY] = services


def current_services() -> Services:
    """The services of the application that is answering this request."""
    return cast("Services", current_app.extensions[KEY])


def request_id() -> UUID:
    """The id of this request, made when first asked for: it ties an error page to a log line."""
    if "request_id" not in g:
        g.request_id = uuid4()
    return cast("UUID", g.request_id)


def request_ids() -> dict[str, str]:
    """What a log line may say about this request: its id and endpoint, never its address."""
    return {"request_id": str(request_id()), "endpoint": request.endpoint or "none"}
