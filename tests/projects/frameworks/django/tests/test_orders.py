"""Tests of both kinds: functions with pytest-django's fixture, and Django's own classes."""

import pytest
from django.db import connection
from django.test import TestCase, TransactionTestCase
from shop.models import Order


@pytest.mark.django_db
@pytest.mark.parametrize("number", range(4))
def test_every_test_begins_without_orders(number):
    Order.objects.create(number=1)
    assert Order.objects.count() == 1


class OrderTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        Order.objects.create(number=2)

    def test_what_the_class_has_made_is_there(self):
        assert Order.objects.get().number == 2


class WorkerTest(TransactionTestCase):
    def test_the_database_is_the_workers_own(self):
        Order.objects.create(number=3)
        assert connection.settings_dict["NAME"].startswith("test_")
