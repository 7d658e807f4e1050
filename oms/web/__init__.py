"""The web server: the factory that puts the house behind HTTP, and nothing else."""

import gc
from pathlib import Path
from typing import Any

from flask import Flask, current_app, g, request
from flask_babel import Babel, get_locale
from flask_babel import gettext as _
from flask_limiter import Limiter
from flask_login import current_user
from flask_wtf.csrf import CSRFProtect
from jinja2 import StrictUndefined
from sqlalchemy import Engine
from werkzeug.middleware.proxy_fix import ProxyFix

from oms import __version__, box, db, installation, limits, profile
from oms.accounts import directory_of, found_out, home_of, provider_of, reader_of, required_of
from oms.audit import syslog
from oms.settings import CHECKOUT, Settings, check_keys, secret_key
from oms.vault import KeyRefused, VaultClosed
from oms.web import access, confirming, errors, formats, headers, looks, navigation, passkeys, protection, signing_in
from oms.web.locked import locked_program
from oms.worker import Queue

LANGUAGES = ("vi", "en")
# Requests of an account on pages, of an address over the API; and of an address of which nobody has signed in.
OF_SOMEBODY, OF_NOBODY = "1200 per minute", "60 per minute"


def create_app(settings: Settings | None = None, engine: Engine | None = None) -> Flask:
    """The Flask program of one installation; refuses to start with an endpoint that has no guard.

    A closed installation without its key gets a program that says so.
    """
    settings = settings or Settings.from_environment()
    check_settings(settings)
    if engine is None:  # who gives an opened database has opened the vault
        try:
            installation.unlock(settings)
        except (VaultClosed, KeyRefused) as reason:
            return locked_program(settings, reason)
    static = Path(__file__).parent / "static"
    app = Flask(
        "oms.web",
        template_folder=str(CHECKOUT / "templates"),
        static_folder=str(static),
        # Modules import each other by relative addresses, so the version is a folder and not a query.
        static_url_path=f"/static/{headers.version_of(static)}",
    )
    app.config.update(
        MAX_FORM_MEMORY_SIZE=500_000,
        MAX_FORM_PARTS=100,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        BABEL_DEFAULT_TIMEZONE="Asia/Ho_Chi_Minh",
        BABEL_TRANSLATION_DIRECTORIES=str(CHECKOUT / "oms" / "translations"),
        RATELIMIT_STORAGE_URI=f"{limits.SCHEME}://",
        RATELIMIT_STORAGE_OPTIONS={"database": lambda: access.house().engine},
        RATELIMIT_STRATEGY="sliding-window-counter",
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        RATELIMIT_HEADERS_ENABLED=False,
    )
    engine = engine or db.connect(settings.database)
    profile.check(settings, engine)
    open_house(app, settings, engine)
    if settings.https:
        # Behind one proxy that ends TLS; without it nobody's headers are believed.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    Babel(app, locale_selector=_choose_language)
    csrf = CSRFProtect(app)
    errors.add_errors(app)
    signing_in.add_sign_in(app)
    # After that: who asks is known, and all addresses of an account count together.
    Limiter(_who_asks, app=app, application_limits=[_most_requests]).request_filter(_is_not_counted)
    confirming.add_confirming(app)
    looks.add_write_looks(app)
    protection.add_closing(app)
    headers.add_headers(app)
    formats.add_formats(app)
    navigation.add_navigation(app)
    app.context_processor(_page_context)
    app.jinja_env.globals["passkeys_offered"] = passkeys.offered
    app.jinja_env.globals["own_password_asked"] = confirming.own_password_asked
    _add_pages(app, csrf)
    _add_api(app, csrf)
    access.check_every_endpoint(app)
    return app


def check_settings(settings: Settings) -> None:
    """Raise `SettingsError` for what nobody can understand or use: keys, names, addresses, lists."""
    check_keys(settings)
    required_of(settings)  # a setting that nobody understands must not mean "nobody"
    home_of(settings)
    directory_of(settings)
    provider_of(settings)
    reader_of(settings)
    syslog.place_of(settings)
    found_out.check_list(settings)


def settle() -> None:
    """Take what the program consists of out of the garbage collector's rounds, once, when it has been loaded.

    A full round over all of it takes longer than most pages, and finds nothing.
    """
    gc.collect()
    gc.freeze()


def open_house(app: Flask, settings: Settings, engine: Engine) -> None:
    """Put an installation behind the program: all of it that is not the same everywhere."""
    app.config.update(
        SECRET_KEY=secret_key(settings),
        MAX_CONTENT_LENGTH=settings.max_upload,
        # Cookies know no port: two installations on one machine must not answer to each other's.
        SESSION_COOKIE_NAME=("__Host-oms" if settings.https else "oms") + ("-protection" if settings.protected else ""),
        SESSION_COOKIE_SECURE=settings.https,
        WTF_CSRF_TIME_LIMIT=settings.session_absolute,
        BABEL_DEFAULT_LOCALE=settings.language,
    )
    installation.allow_box(settings, engine)
    app.extensions["oms"] = access.House(settings, engine, Queue(settings))


def _add_pages(app: Flask, csrf: CSRFProtect) -> None:
    from oms.web import (
        access_reviews,
        account,
        accounts,
        alarms,
        arrivals,
        attestations,
        audit,
        campaigns,
        checks,
        completeness,
        consultations,
        corrections,
        cover_sheets,
        csp_reports,
        declarations,
        delegations,
        design,
        desk,
        disposal,
        dossiers,
        figures,
        file_prints,
        first_load,
        gate,
        health,
        holds,
        inserts,
        intake,
        late_papers,
        leavings,
        locating,
        losses,
        mass_transfers,
        membership,
        milestones,
        office,
        organisation,
        overdue,
        own_declarations,
        own_dossiers,
        own_membership,
        own_requests,
        packages,
        pages,
        paper_losses,
        papers,
        people,
        proofs,
        protection_flags,
        reading_room,
        rearranging,
        record,
        record_numbers,
        reorganisation_plans,
        reorganisations,
        reports,
        review,
        saved_searches,
        scan_folders,
        search,
        second_factor,
        sheets,
        short_cvs,
        stacks,
        start,
        stocktaking,
        subject_requests,
        system,
        transfer_requests,
        transfers,
        verifications,
        whereabouts,
    )

    app.view_functions["static"] = access.public(app.view_functions["static"])
    rooms = (
        start,
        stocktaking,
        account,
        office,
        second_factor,
        passkeys,
        first_load,
        people,
        dossiers,
        sheets,
        rearranging,
        intake,
        stacks,
        scan_folders,
        gate,
        pages,
        milestones,
        attestations,
        leavings,
        short_cvs,
        cover_sheets,
        checks,
        corrections,
        verifications,
        paper_losses,
        campaigns,
        declarations,
        overdue,
        completeness,
        figures,
        reports,
        review,
        desk,
        search,
        saved_searches,
        transfers,
        mass_transfers,
        transfer_requests,
        arrivals,
        membership,
        late_papers,
        losses,
        proofs,
        own_dossiers,
        own_requests,
        subject_requests,
        own_declarations,
        own_membership,
        whereabouts,
        consultations,
        reading_room,
        record,
        record_numbers,
        locating,
        holds,
        inserts,
        protection,
        file_prints,
        protection_flags,
        delegations,
        disposal,
        organisation,
        reorganisations,
        reorganisation_plans,
        packages,
        papers,
        audit,
        alarms,
        access_reviews,
        accounts,
        system,
        health,
        csp_reports,
        design,
    )
    for room in rooms:
        app.register_blueprint(room.bp)
    csrf.exempt(csp_reports.report)


def _add_api(app: Flask, csrf: CSRFProtect) -> None:
    from oms import api

    api.add_api(app, csrf)


def _choose_language() -> str:
    if request.path.startswith("/api/"):  # no cookie is looked at there
        return request.accept_languages.best_match(LANGUAGES) or access.house().settings.language
    chosen = request.cookies.get("language")
    if chosen in LANGUAGES:
        return chosen
    return current_user.account.language if current_user.is_authenticated else access.house().settings.language


def _who_asks() -> str:
    actor = g.get("actor")
    return actor.account_id if actor else (request.remote_addr or "nobody")


def _most_requests() -> str:
    """Of an account, or of an address: programs and health by many a second, of somebody who is nobody yet few."""
    is_nobody = g.get("actor") is None and not request.path.startswith("/api/") and request.blueprint != "health"
    return OF_NOBODY if is_nobody else OF_SOMEBODY


def _is_not_counted() -> bool:
    """Reports of browsers have a limit of their own: a page with many conflicts must not shut its reader out."""
    return request.endpoint == "csp_reports.report" or not current_app.config.get("RATELIMIT_ENABLED", True)


def _notices() -> list[dict[str, str]]:
    """What everybody must know of this installation on every page."""
    sentences = {
        box.Rung.WEAK: _(
            "Files from outside are opened behind weaker walls on this machine: a malicious file could do harm. "
            "The administrator finds what to do on the system page."
        ),
        box.Rung.NONE: _(
            "This machine cannot build the closed box for files from outside, so none is opened. "
            "The administrator finds what to do on the system page."
        ),
    }
    told = [sentences[found] for found in (box.rung(),) if found in sentences]
    if g.get("files_damaged"):
        told.append(
            _(
                "Many stored files were found damaged or missing: nothing is changed or taken in until the administrator has "
                "put them back from the backups."
            )
        )
    return [{"tone": "danger", "text": text} for text in told]


def _page_context() -> dict[str, Any]:
    return {
        "language": str(get_locale()),
        "version": __version__,
        "is_demo": installation.is_demo(access.house().engine),
        "protected": access.house().settings.protected,
        "notices": _notices(),
        "actor": g.get("actor"),
    }
