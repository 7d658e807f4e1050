"""Alembic's entry: the engine comes from the program (`oms.installation`), never from an ini file."""

from alembic import context

from oms.models import Base

engine = context.config.attributes["engine"]

with engine.execution_options(writing=True).connect() as connection:
    is_sqlite = connection.dialect.name == "sqlite"
    driver = connection.connection.driver_connection
    if is_sqlite:
        # SQLite alters a table by copying and dropping it: with rows that refer to it, the drop fails or,
        # worse, cascades. So references rest meanwhile and are checked at the end. (No effect inside a transaction.)
        driver.execute("PRAGMA foreign_keys=OFF")
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=is_sqlite,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
    if is_sqlite:
        broken = driver.execute("PRAGMA foreign_key_check").fetchall()
        driver.execute("PRAGMA foreign_keys=ON")
        if broken:
            raise RuntimeError(f"a migration left rows that refer to nothing, first: {broken[0]}")
