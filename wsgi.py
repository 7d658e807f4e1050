"""For a WSGI server of your own; `oms serve` does not need it."""

from oms.web import create_app, settle

application = create_app()
settle()
