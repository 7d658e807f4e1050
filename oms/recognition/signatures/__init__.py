"""Digital signatures in a PDF: who signed, whether what stands there is what was signed, and who vouches for it.

`find_signatures` asks the box, where pyHanko reads the file, with nothing but what the office gave: no network, no list
of the system. What comes out are facts, believed only as far as they can be checked (`facts`); `judge` turns the facts
of one signature into one word. Knows no database and no web.
"""

from oms.recognition.signatures.asking import find_signatures
from oms.recognition.signatures.authorities import NOBODY, Authorities, read_authorities
from oms.recognition.signatures.facts import Facts, Signatures
from oms.recognition.signatures.judging import judge

__all__ = ["NOBODY", "Authorities", "Facts", "Signatures", "find_signatures", "judge", "read_authorities"]
