from django.test import TestCase


class FrontTest(TestCase):
    def test_a_visit_is_counted(self) -> None:
        from hello.models import Visit

        Visit.objects.create()
        self.assertEqual(Visit.objects.count(), 1)
