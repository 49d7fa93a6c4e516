"""Botocore's tables, without a look through all 400 services for the few that are called here."""

from typing import Final

from botocore.loaders import Loader

SERVICES: Final = ("dynamodb", "events", "s3", "scheduler", "sqs")


class OurLoader(Loader):
    """Botocore opens every service's folder before it loads one, which takes as long as loading.

    Only our own clients load through it: a stage has its own session, and all services.
    """

    def list_available_services(self, type_name: str) -> list[str]:
        return list(SERVICES)
