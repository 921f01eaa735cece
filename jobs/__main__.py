"""The worker's process: `python -m jobs`. Any number may run on one database."""

import logging
import os
import signal
import sys

from sqlalchemy.exc import DBAPIError

from config import ConfigError, Settings
from jobs.worker import Worker
from models.faults import database_fault
from models.ids import new_id
from notify.logs import configure_logs
from notify.memory import seldom_collected
from notify.planning.policy import PolicyError
from notify.wiring import make_services


def main() -> int:
    """Run one worker until it is told to stop (SIGTERM or SIGINT); 0 then, 1 when it ended by itself, 2 when it cannot begin."""
    try:
        settings = Settings.from_env(os.environ)
        configure_logs(settings.log_level)
        # Its own lines, one a tick a second, would drown all others.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        services = make_services(settings)
    except (ConfigError, PolicyError) as fault:
        print(fault, file=sys.stderr)
        return 2
    except DBAPIError as fault:
        print(database_fault(fault), file=sys.stderr)
        return 2
    worker = Worker(services, str(new_id()))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    try:
        with seldom_collected():
            worker.run()
    except Exception:  # whatever ended the timer: the one who started the process must see that it has ended
        logging.getLogger("jobs").critical("worker ended by itself", exc_info=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
