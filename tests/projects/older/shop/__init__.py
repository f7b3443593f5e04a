import sys


def main():
    print("{}.{}".format(*sys.version_info))
