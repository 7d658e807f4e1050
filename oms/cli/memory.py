"""What a process of the server keeps of memory it no longer needs: as little as the C library can be told to.

Pages are looked at in threads, each page some ten to thirty megabytes of pixels. glibc gives every thread an arena of its
own, and once it has freed a block of that size it keeps such blocks instead of giving them back: after a hundred files
each web process held 100 MB more than before, for ever.
"""

import ctypes

# Numbers of mallopt(3) in glibc's <malloc.h>.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
LARGE = 256 * 1024
"""Bytes from which a block is a mapping of its own, which goes back at once when it is freed; named once, it no longer
grows with what was freed."""
ARENAS = 2
"""As many threads run Python at a time as processors, and pixels lie in mappings of their own."""


def give_back() -> bool:
    """Tell the C library; those forked off afterwards inherit it. False where it knows no such words (musl)."""
    try:
        tell = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return all(tell(*told) for told in ((_MMAP_THRESHOLD, LARGE), (_TRIM_THRESHOLD, LARGE), (_ARENA_MAX, ARENAS)))
