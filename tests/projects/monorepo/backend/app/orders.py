from pricing import with_tax


def total(net):
    return with_tax(net)
