"""A bare server for the layout, macros and scripts alone: no database, the strict policy, answers written by the test."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask, Response, render_template, render_template_string, request
from flask_babel import Babel
from flask_wtf import CSRFProtect
from jinja2 import StrictUndefined

from oms.web.formats import moment

ROOT = Path(__file__).parents[2]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
POLLED = """{% extends "layouts/base.html" %}{% from "macros/progress.html" import polled, progress %}
{% block heading %}Reading{% endblock %}{% block content %}
{% call polled("reading", "/reading" if page < 3 else "", every=500) %}{{ progress(page, 3, "scan.pdf") }}{% endcall %}
{% endblock %}"""
UPLOADING = """{% extends "layouts/base.html" %}{% from "macros/uploads.html" import upload %}
{% block heading %}Paper in{% endblock %}{% block content %}{{ upload("/upload") }}{% endblock %}"""


def create_desk() -> Flask:
    """The server, with the pages `/design`, `/error/<n>`, `/reading` (three pages, then done) and `/upload`."""
    app = Flask("desk", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "oms/web/static"))
    app.config.update(SECRET_KEY="desk", BABEL_DEFAULT_TIMEZONE="Asia/Ho_Chi_Minh", TESTING=True)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters["moment"] = moment  # the banner of opened files
    Babel(app)
    CSRFProtect(app)
    pages_read = iter(range(1, 1000))

    @app.after_request
    def add_policy(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        return response

    @app.get("/design")
    def design() -> str:
        return render_template("design/show.html", now=datetime(2026, 11, 24, 2, 5, tzinfo=UTC).replace(tzinfo=None))

    @app.get("/error/<int:number>")
    def error(number: int) -> str:
        return render_template(f"errors/{number}.html")

    @app.get("/reading")
    def reading() -> str:
        return render_template_string(POLLED, page=next(pages_read))

    @app.route("/upload", methods=["GET", "POST"])
    def upload() -> Any:
        if request.method == "GET":
            return render_template_string(UPLOADING)
        if not request.files["file"].read():
            return {"state": "refused", "message": "This file is empty."}, 422
        return {"state": "received", "message": "Waiting to be read.", "url": "/design"}, 202

    return app
