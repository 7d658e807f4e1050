"""One word for one signature, from its facts: what stands there against it most comes first."""

from oms.recognition.signatures.facts import Facts


def judge(facts: Facts) -> str:
    """`valid`, `altered`, `changed`, `revoked`, `expired`, `unknown` (authority), or `unjudged`.

    What was altered is told before all else: whoever vouches for the signer does not matter then. What was added after
    the signature comes before the certificate, because it is about what an officer reads in the file.
    """
    if facts.problem in ("broken", "form", "algorithm"):
        return "unjudged"
    if not facts.intact:
        return "altered"
    if facts.later == "changes":
        return "changed"
    if facts.problem == "weak":
        return "unjudged"
    return {
        "trusted": "valid",
        "revoked": "revoked",
        "expired": "expired",
        "early": "expired",
        "unknown": "unknown",
        # A chain that does not hold: an authority that only bears the name of one that is known, say.
        "chain": "unknown",
    }.get(facts.trust, "unjudged")
