"""How things look on Vietnamese paper: dates dd/mm/yyyy, decimal comma, Hanoi time."""

from datetime import date, datetime, timedelta

from flask import Flask
from flask_babel import get_locale, gettext

from oms import catalogue
from oms.errors import NotFound
from oms.milestones import Said
from oms.models import Precision
from oms.organisation import HANOI
from oms.permissions import Action, can
from oms.search.records import component_label


def day(value: date | datetime | None, precision: Precision | str | None = None) -> str:
    """A date as dd/mm/yyyy, mm/yyyy or yyyy, as much as the paper says; empty when unknown."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.astimezone(HANOI)
    form = {"month": "%m/%Y", "year": "%Y"}.get(str(precision or "day"), "%d/%m/%Y")
    return value.strftime(form)


def moment(value: datetime | None) -> str:
    """A moment as dd/mm/yyyy hh:mm in Vietnam."""
    return "" if value is None else value.astimezone(HANOI).strftime("%d/%m/%Y %H:%M")


def last_day(ends: datetime | None) -> str:
    """The last day of something that is over at the moment `ends`."""
    return "" if ends is None else day(ends - timedelta(microseconds=1))


def number(value: float, digits: int = 0) -> str:
    """A number with decimal comma and points between thousands in Vietnamese, the other way round in English."""
    shown = f"{value:,.{digits}f}"
    return shown.translate(str.maketrans(",.", ".,")) if str(get_locale()) == "vi" else shown


def size(value: int) -> str:
    """Bytes as people say them."""
    for unit, step in (("GB", 1024**3), ("MB", 1024**2), ("KB", 1024)):
        if value >= step:
            return f"{number(value / step, 1)} {unit}"
    return f"{value} B"


def component_title(component_id: str, category: str) -> str:
    """The title of a component in the language of the page."""
    if str(get_locale()) == "vi":
        return component_label(component_id, category)
    try:
        return catalogue.component(component_id, category).label_en
    except NotFound:
        return component_id


def said(sentence: Said | None) -> str:
    """A sentence of a list in the language of the page; empty when there is none."""
    return "" if sentence is None else sentence.words(gettext)


def add_formats(app: Flask) -> None:
    """Give the templates these words: filters `day moment number said size`, functions `can` and `component_title`."""
    app.jinja_env.filters.update(day=day, last_day=last_day, moment=moment, number=number, said=said, size=size)
    app.jinja_env.globals.update(Action=Action, component_title=component_title, can_do=can)
