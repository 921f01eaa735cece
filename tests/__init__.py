"""Tests, sorted by what they need: nothing, a database, a web application, a browser, a whole process."""
