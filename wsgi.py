"""The two WSGI applications, `wsgi:staff` and `wsgi:public`, each to be served on a host of its own."""

import os
from functools import partial

from config import Settings
from jobs.heartbeats import worker_is_heard
from notify.logs import configure_logs
from notify.web.app import create_app
from notify.web.health import database_answers
from notify.wiring import make_services, nothing_is_stuck

_settings = Settings.from_env(os.environ)
configure_logs(_settings.log_level)
_services = make_services(_settings)

_database = partial(database_answers, _services.database)

staff = create_app(
    _services,
    face="staff",
    checks={
        "database": _database,
        "worker": partial(worker_is_heard, _services),
        "sending": partial(nothing_is_stuck, _services),
    },
)
# Victims can read what is there already while no worker works.
public = create_app(_services, face="public", checks={"database": _database})
