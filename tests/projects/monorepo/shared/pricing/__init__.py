import json
from pathlib import Path

RATE = json.loads(Path(__file__).with_name("rate.json").read_text())


def with_tax(net):
    return net + net * RATE["percent"] // 100
