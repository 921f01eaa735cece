"""The least that a Flask route does which answers for a stored row: what the API is measured beside."""

import os
from uuid import uuid4

from flask import Flask, Response, jsonify, request
from sqlalchemy import Column, MetaData, Table, Text, Uuid, insert

from config import database_url
from models.session import open_database

metadata = MetaData()
rows = Table(
    "bare_rows", metadata, Column("id", Uuid, primary_key=True), Column("text", Text, nullable=False)
)


def make_app() -> Flask:
    """The application, on the database of DATABASE_URL with the service's own settings for it."""
    app = Flask("bare")
    database = open_database(database_url(os.environ))
    metadata.create_all(database.engine)

    @app.post("/rows")
    def insert_row() -> tuple[Response, int]:
        row = {"id": uuid4(), "text": request.get_json()["text"]}
        with database.sessions.begin() as session:
            session.execute(insert(rows).values(row))
        return jsonify(row), 201

    return app
