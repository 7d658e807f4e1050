"""Signing in and out, and what people set for themselves: password, language, open sessions."""

from flask import Blueprint, Response, flash, g, jsonify, make_response, redirect, render_template, request, url_for
from flask import session as cookie
from flask_babel import gettext as _
from flask_login import logout_user
from werkzeug.wrappers import Response as AnyResponse

from oms import accounts, db, installation, saved_searches
from oms.errors import BadInput, NotFound, OmsError
from oms.models import Account, SignIn
from oms.permissions import Action
from oms.web import access
from oms.web.access import guarded, house, public
from oms.web.errors import sentence_of
from oms.web.passkeys import offered, office_offered, shown
from oms.web.signing_in import HALF, HALF_BY, browser_mark, enter, half_account, keep_mark, new_mark

bp = Blueprint("account", __name__)

LANGUAGE_COOKIE_SECONDS = 365 * 24 * 3600
# What works before a first password is replaced.
_ALWAYS = frozenset(
    {"account.change_password", "account.sign_out", "account.set_language", "account.remaining", "static"}
)
# What works before a second factor that is a must is set up.
_SETTING_UP = (
    _ALWAYS
    | {f"second_factor.{name}" for name in ("show", "begin", "picture", "activate")}
    | {f"passkeys.{name}" for name in ("show", "begin", "to_register", "add", "to_confirm")}
)
# Marks in the order of telling: Edge and Cốc Cốc call themselves Chrome as well, Chrome calls itself Safari.
_BROWSERS = (
    ("coc_coc_browser", "Cốc Cốc"),
    ("Edg/", "Edge"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)
# Shown on the sign-in page of a demonstration only.
DEMO_ACCOUNTS = (
    "canbo.khoi",
    "truongban.khoi",
    "canbo.sonv",
    "bithu.sonv",
    "canbo.sotc",
    "bithu.sotc",
    "kiemtra.khoi",
    "nguoilaodong.sonv",
    "quantri",
)


def local_path(target: str | None) -> str:
    """`target` when it is a path of this server, else the start page: nobody is sent away from here."""
    if not target or not target.startswith("/") or target[1:2] in ("/", "\\") or not target.isprintable():
        return "/"
    return target


@bp.before_app_request
def ask_for_what_is_missing() -> AnyResponse | None:
    """Whoever signed in with a first password, or lacks a second factor that is a must, sees to that first."""
    if g.get("actor") is None or request.path.startswith("/api/"):
        return None
    if g.get("must_change_password") and request.endpoint not in _ALWAYS:
        return redirect(url_for("account.change_password"))
    if g.get("must_set_up") and request.endpoint not in _SETTING_UP:
        return redirect(url_for("second_factor.show"))
    return None


@bp.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> AnyResponse | str:
    """The sign-in page; a right name and password open a session."""
    target = local_path(request.values.get("next"))
    if g.get("actor") is not None:
        return redirect(target)
    if request.method == "GET":
        return sign_in_page(target)
    username, password = request.form.get("username", ""), request.form.get("password", "")
    try:
        account, wrong_before = accounts.prove_password(
            house().engine,
            username,
            password,
            settings=house().settings,
            address=request.remote_addr,
            browser=browser_mark(),
        )
    except OmsError as error:
        return sign_in_page(target, username, error)
    if enter_half(account):
        return redirect(url_for(".give_code", next=target))
    answer = redirect(target)
    open_session(account, answer)
    _tell_wrong_tries(wrong_before)
    return answer


def enter_half(account: Account, by: str = "") -> bool:
    """Where the account has a second factor: let the browser go on to the question for it, and say so.

    `by` is what was proved instead of the password, for the log.
    """
    with db.writing(house().engine) as session:
        if not accounts.has_second_factor(session, account.id):
            return False
        half = accounts.sign_in_half(session, account.id)
    cookie.clear()
    cookie[HALF], cookie[HALF_BY] = half, by
    return True


def _tell_wrong_tries(wrong_before: int) -> None:
    if wrong_before >= accounts.WORTH_TELLING:
        flash(
            _(
                "%(count)s wrong passwords were tried for your account in the last 24 hours. If that was not you, tell the technical administrator.",
                count=wrong_before,
            ),
            "warning",
        )


@bp.route("/sign-in/code", methods=["GET", "POST"])
@public
def give_code() -> AnyResponse | str:
    """After the password: a passkey, the code of the app, or a recovery code; only then is anybody signed in."""
    target, account = local_path(request.values.get("next")), half_account()
    if g.get("actor") is not None or account is None:
        return redirect(target if g.get("actor") else url_for(".sign_in", next=target))
    if request.method == "GET":
        return _code_page(account, target)
    try:
        if request.form.get("passkey"):
            shown(accounts.SIGN_IN, account.id)
        else:
            code = request.form.get("code", "")
            accounts.prove_code(house().engine, house().settings, account, code, address=request.remote_addr)
    except OmsError as error:
        return _with_patience(make_response(_code_page(account, target, sentence_of(error)), error.status), error)
    first, answer = cookie.get(HALF_BY, ""), redirect(target)
    if request.form.get("passkey"):
        open_session(account, answer, how=f"{first or 'password'} and passkey")
    else:
        open_session(account, answer, how=f"{first} and code" if first else "")
    return answer


def _code_page(account: Account, target: str, problem: str = "") -> str:
    with db.reading(house().engine) as session:
        by_app, has_passkeys = accounts.has_app(session, account.id), accounts.count_passkeys(session, account.id) > 0
    return render_template(
        "account/code.html", target=target, problem=problem, by_app=by_app, passkeys=has_passkeys and offered()
    )


@bp.post("/sign-in/passkey")
@public
def sign_in_by_passkey() -> AnyResponse:
    """A passkey alone is both factors: the device, and the PIN, finger or face that opened it."""
    target = local_path(request.form.get("next"))
    if g.get("actor") is not None:
        return redirect(target)
    try:
        account = shown(accounts.SIGN_IN)
    except OmsError as error:
        return sign_in_page(target, error=error)
    answer = redirect(target)
    open_session(account, answer, how="passkey")
    with db.reading(house().engine) as session:
        wrong_tries, _last = accounts.wrong_tries(session, account.username)
    _tell_wrong_tries(wrong_tries)
    return answer


def open_session(account: Account, answer: AnyResponse, how: str = "", *, two_factors: bool = False) -> None:
    """A full sign-in: a new session, and the mark by which this browser is known again."""
    mark = new_mark()
    with db.writing(house().engine) as session:
        secret, signed_in = accounts.sign_in(
            session,
            account.id,
            device=_device(),
            address=request.remote_addr,
            browser=mark,
            how=how,
            two_factors=two_factors,
        )
    enter(secret, signed_in, account)
    keep_mark(answer, mark)


def _device() -> str:
    """Browser and system in two words, enough to know one's own computer; more is not kept."""
    agent = request.headers.get("User-Agent", "")
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return " · ".join(part for part in (browser, system) if part)


def sign_in_page(target: str, username: str = "", error: OmsError | None = None) -> AnyResponse:
    engine = house().engine
    # Whoever begins anew is nobody yet: else the passkey button would ask for one of the account of before.
    cookie.pop(HALF, None)
    demo = _demo_accounts() if installation.is_demo(engine) else []
    page = render_template(
        "account/sign_in.html",
        target=target,
        username=username,
        error=sentence_of(error) if error else "",
        demo=demo,
        demo_password=accounts.DEMO_PASSWORD,
        signed_out="out" in request.args,
        passkeys=offered(),
        office=office_offered(),
        leave_office="office" in request.args,
    )
    answer = make_response(page, error.status if error else 200)
    return _with_patience(answer, error) if error else answer


def _with_patience(answer: Response, error: OmsError) -> Response:
    if "seconds" in error.values:
        answer.headers["Retry-After"] = str(error.values["seconds"])
    return answer


def _demo_accounts() -> list[Account]:
    with db.reading(house().engine) as session:
        return accounts.named(session, DEMO_ACCOUNTS)


@bp.post("/sign-out")
@public
def sign_out() -> AnyResponse:
    """End this session on the server and leave nothing of it in the browser."""
    by_office = False
    if actor := g.get("actor"):
        with db.writing(house().engine) as session:
            account = session.get_one(Account, actor.account_id)
            by_office = accounts.is_of_provider(session, account, house().settings)
            accounts.sign_out(session, access.signed_in_id() or "", actor=actor)
            saved_searches.forget(session, access.signed_in_id() or "")
    logout_user()
    cookie.clear()
    answer = redirect(url_for(".sign_in", out=1, office=1 if by_office else None))
    # The look (theme) goes too and falls back to that of the computer; the language is kept with the account. On a
    # shared computer nothing of one person may wait for the next. Only the mark of the browser stays, which says
    # nothing by itself: with "cookies" it would go as well, and a stranger could keep people out every morning.
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    for name in ("theme", "language"):
        answer.delete_cookie(name)
    return answer


@bp.post("/language")
@public
def set_language() -> AnyResponse:
    """Show the pages in another language, here and wherever the account signs in."""
    from oms.web import LANGUAGES

    language = request.form.get("language", "")
    if language not in LANGUAGES:
        raise NotFound()
    if actor := g.get("actor"):
        with db.writing(house().engine) as session:
            accounts.set_language(session, session.get_one(Account, actor.account_id), language, actor=actor)
    answer = redirect(local_path(request.form.get("next")))
    answer.set_cookie(
        "language",
        language,
        max_age=LANGUAGE_COOKIE_SECONDS,
        secure=house().settings.https,
        httponly=True,
        samesite="Lax",
    )
    return answer


@bp.get("/account")
@guarded(Action.OWN_READ)
def show() -> str:
    """The own account: what it may do where, password, open sessions."""
    account = accounts.own(g.session, actor=g.actor)
    sign_ins = accounts.open_sign_ins(g.session, actor=g.actor, settings=house().settings)
    return render_template(
        "account/show.html",
        own_account=account,
        sign_ins=sign_ins,
        here=access.signed_in_id(),
        by_app=accounts.has_app(g.session, account.id),
        passkeys=accounts.count_passkeys(g.session, account.id),
        codes_left=accounts.codes_left(g.session, account.id),
        elsewhere=accounts.is_proved_elsewhere(g.session, account, house().settings),
    )


@bp.route("/account/session", methods=["GET", "POST"])
@guarded(Action.OWN_READ, writing=False)
def remaining() -> AnyResponse:
    """How many seconds this session has left; a POST says that the person is still there."""
    if request.method == "POST":
        with db.writing(house().engine) as session:
            accounts.mark_seen(session, access.signed_in_id() or "")
    sign_in = g.session.get_one(SignIn, access.signed_in_id())
    seconds = round(accounts.seconds_left(g.session, sign_in, house().settings))
    # In the closed installation a page of an open file asks whether the other officer closed it.
    return jsonify(seconds=seconds, **({} if g.actor.opened is None else {"open": sorted(g.actor.opened)}))


@bp.post("/account/sessions/<sign_in_id>/end")
@guarded(Action.OWN_READ)
def end_session(sign_in_id: str) -> AnyResponse:
    """End one of the own sessions, for instance on another computer."""
    accounts.sign_out(g.session, sign_in_id, actor=g.actor)
    access.commit()
    flash(_("The session has ended. Nobody can go on with it."), "success")
    return redirect(url_for(".show"))


@bp.route("/account/password", methods=["GET", "POST"])
@guarded(Action.OWN_READ, writing=False)
def change_password() -> AnyResponse | str:
    """Choose a new password; every session ends and this one goes on under a new name."""
    account = g.session.get_one(Account, g.actor.account_id)
    if request.method == "GET":
        return _password_page(account)
    old, new = request.form.get("old", ""), request.form.get("new", "")
    try:
        accounts.change_password(
            house().engine,
            g.actor.username,
            old,
            new,
            again=request.form.get("again", ""),
            settings=house().settings,
            actor=g.actor,
            browser=browser_mark(),
        )
    except BadInput as error:
        field = "old" if error.message == accounts.WRONG_PASSWORD else "new"
        return make_response(_password_page(account, (field, sentence_of(error))), 422)
    answer = redirect("/")
    open_session(account, answer)
    flash(_("The password was changed. Sessions on other computers have ended."), "success")
    return answer


def _password_page(account: Account, *problems: tuple[str, str]) -> str:
    return render_template(
        "account/change_password.html",
        own_account=account,
        problems=list(problems),
        shortest=accounts.password_length(g.actor),
    )
