"""When: the timetable of the worker, and one small file for each tick."""
