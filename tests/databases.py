"""Databases of a PostgreSQL server, for the tests: made, taken away, addressed."""

from functools import cache

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL, make_url


@cache
def _administrator(server: URL) -> Engine:
    """One connection for the whole run: opening one takes as long as many a test."""
    return create_engine(server, isolation_level="AUTOCOMMIT", pool_size=1)


def administer(server: str, *statements: str) -> None:
    """Run statements beside all databases of the tests, outside any transaction."""
    house = make_url(server).set(drivername="postgresql+psycopg", database="postgres")
    with _administrator(house).connect() as connection:
        for statement in statements:
            connection.execute(text(statement))


def address(server: str, name: str) -> str:
    """The address of another database of the same server."""
    return make_url(server).set(database=name).render_as_string(hide_password=False)
