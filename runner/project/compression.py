"""Where zstd comes from: the standard library has it from Python 3.14 on."""

import sys

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["make_options", "zstd"]


def make_options(level: int) -> dict[int, int]:
    """Options for a file: without the checksum a changed byte could go unseen."""
    return {int(zstd.CompressionParameter.compression_level): level, int(zstd.CompressionParameter.checksum_flag): 1}
