"""The console script."""

import argparse
from collections.abc import Sequence
from importlib.metadata import version

from orders import migrate, money, stock


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    match options.command:
        case "total":
            try:
                lines = [money.parse_line(line) for line in options.lines]
            except ValueError as error:
                parser.error(str(error))
            print(money.total(lines))
        case "migrate":
            migrate.upgrade()
        case "stock":
            # Imported here because it needs SQLALCHEMY_URL, which `total` must do without.
            from orders.database import session_factory

            with session_factory() as session:
                for sku, quantity in stock.levels(session).items():
                    print(f"{sku}\t{quantity}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="orders", description="Orders, stock and invoices of a small shop.")
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('orders')}")
    commands = parser.add_subparsers(dest="command", required=True)
    total = commands.add_parser("total", help="add up order lines")
    total.add_argument("lines", nargs="+", metavar="QUANTITYxPRICE")
    commands.add_parser("migrate", help="bring the database to the newest revision")
    commands.add_parser("stock", help="list the stock")
    return parser
