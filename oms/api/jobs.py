"""Jobs of the background: how work that the caller ordered stands."""

from flask import g

from oms import jobs
from oms.api.door import gives, room
from oms.api.shapes import JobShape
from oms.models import Job
from oms.permissions import Action
from oms.web.access import guarded

bp = room("jobs", "Jobs")


@bp.get("/jobs/<id>")
@guarded(Action.OWN_READ)
@gives(JobShape)
def show(id: str) -> Job:
    """A job the caller ordered."""
    return jobs.get_job(g.session, id, actor=g.actor)
