"""For a WSGI server of your own; `oms serve` does not need it.

A server may fork after it has loaded this, which no thread survives: so `oms.search.warm_up` is not called here. Call
it in each process after the fork if the index is large.
"""

from oms.web import create_app, settle

application = create_app()
settle()
