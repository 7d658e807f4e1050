"""Look in: somebody else's dossier is read only through a request, a decision of its holder and a grant with an end.

Approved by another person than the one who asked; page by page, marked in the pixels, closed by itself. Loans of
paper and questions where a dossier is kept go the same way. Source: TT 11/2012/TT-BNV Đ13, Đ21; TT 07/2019/TT-BNV Đ14.
"""

from oms.consultations.finding import grants_of, open_loans

__all__ = ["grants_of", "open_loans"]
