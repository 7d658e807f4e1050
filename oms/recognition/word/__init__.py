"""Word files (DOCX): text taken as it is, laid out on pages of ours, in the box alone.

No program of an office runs here, nothing a file names outside of itself is asked for, and what it holds that cannot be
shown on a page is a reason to refuse it: nobody could look at it. Why: docs/decisions/027-word-files-are-laid-out-by-us.md.
"""

from oms.recognition.word.opening import LARGEST, MEDIA_TYPE, OURS, Layout, open_word, picture_inside

__all__ = ["LARGEST", "MEDIA_TYPE", "OURS", "Layout", "open_word", "picture_inside"]
